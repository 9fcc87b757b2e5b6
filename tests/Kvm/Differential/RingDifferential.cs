using System.Diagnostics;
using FsCheck.Fluent;
using RingKit.Kvm.Guests;
using RingKit.Kvm.Tests.Support;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Properties.Support;
using Xunit;
using Xunit.Sdk;

namespace RingKit.Kvm.Tests.Differential;

/// <summary>Random programs on real rings and on simulated ones: same entries, same harvests, same resets, same exits, same errors.</summary>
public sealed class RingDifferential
{
    private const int MostStores = 120;

    [Fact]
    public void Rings_agree()
    {
        Kernel.Need();
        var totals = new Totals();
        Props.Check(
            Prop.ForAll<uint, (byte, byte, byte)[]>((lot, steps) =>
            {
                totals.Machines.Start();
                using var pair = new RingPair(MachineShape.Of(lot, KernelProfile.LeastRingEntries << (int)(lot % 4)));
                totals.Machines.Stop();
                foreach ((byte step, byte where, byte count) in steps)
                    Step(pair, step, where, count);
                pair.Drain();
                totals.Add(pair, steps.Length);
                return (pair.MemoryDifference is null).Label(pair.MemoryDifference ?? "");
            }),
            nameof(Rings_agree),
            maxTest: DifferentialRuns.OfRings,
            endSize: 120);
        Report.Line($"Rings_agree: {totals}");
    }

    // The ring gets full, as KVM means it: with time between two stores.
    [Fact]
    public void Full_rings_agree()
    {
        Kernel.Need();
        var totals = new Totals();
        Props.Check(
            Prop.ForAll<uint, (byte, byte, byte)[]>((lot, steps) =>
            {
                using var pair = new RingPair(MachineShape.Of(lot, 1024));
                foreach ((byte step, byte where, byte count) in steps)
                    StepOfFullRing(pair, step, where, count);
                pair.Drain();
                totals.Add(pair, steps.Length);
                return true;
            }),
            nameof(Full_rings_agree),
            maxTest: DifferentialRuns.OfFullRings,
            endSize: 30);
        Report.Line($"Full_rings_agree: {totals}");
        Assert.True(totals.FullExits > 0);
    }

    // That the property can fail: where only one of the two machines is told something, the next stores show it.
    [Theory]
    [InlineData("the kernel logs nothing")]
    [InlineData("the simulation logs nothing")]
    [InlineData("the simulation has the slot anew")]
    [InlineData("the kernel alone has reset")]
    [InlineData("the simulation alone has reset")]
    public void A_difference_is_found(string difference)
    {
        Kernel.Need();
        var slot = new SlotShape(5, MachineShape.Program.PageCount, 100, IsLogged: true);
        using var pair = new RingPair(new MachineShape(GuestMode.Long, [slot], Vcpus: 1, RingEntries: 1024));
        ulong[] frames = [.. Enumerable.Range(0, 100).Select(page => slot.BaseGfn + (ulong)page)];
        Store();
        pair.Harvest(0, 50);
        switch (difference)
        {
            case "the kernel logs nothing":
                pair.Real.SetSlotTraits(slot.Id, KvmSlotTraits.None);
                pair.Reset();
                break;
            case "the simulation logs nothing":
                pair.Simulated.SetLogging(slot.Id, isLogged: false);
                pair.Reset();
                break;
            case "the simulation has the slot anew":
                pair.RenewSimulated(slot);
                break;
            case "the kernel alone has reset":
                pair.Real.ResetDirtyRings(50, out _);
                break;
            default:
                pair.Simulated.ResetDirtyRings();
                break;
        }

        Assert.ThrowsAny<XunitException>(() =>
        {
            Store();
            pair.Reset();
        });

        void Store()
        {
            pair.Load(0, frames, turns: 1);
            Assert.Equal(KvmExitReason.Halted, pair.Run(0));
        }
    }

    private static void Step(RingPair pair, byte step, byte where, byte count)
    {
        int vcpu = where % pair.Shape.Vcpus;
        switch (step % 9)
        {
            case < 3:
                int most = Math.Min(pair.RoomOf(vcpu), MostStores);
                if (most < 1 || pair.Layout.Stores((step << 16) | (where << 8) | count, most) is not { Length: > 0 } stores)
                    break;
                pair.Load(vcpu, stores, turns: 1);
                Assert.Equal(KvmExitReason.Halted, pair.Run(vcpu));
                break;
            case 3:
                pair.Harvest(vcpu, count % 100);
                break;
            case 4:
                pair.Reset();
                break;
            case 5:
                pair.Drain();
                break;
            case 6:
                if (pair.Layout.Find(pair.Shape.Slots[where % pair.Shape.Slots.Length].Id) is { } slot)
                    pair.SetLogging(slot, count % 3 != 0);
                break;
            case 7:
                SlotSteps.Step(pair, where, count);
                break;
            default:
                pair.Refuse(where, count);
                break;
        }
    }

    private static void StepOfFullRing(RingPair pair, byte step, byte where, byte count)
    {
        int vcpu = where % pair.Shape.Vcpus;
        switch (step % 9)
        {
            case < 4:
                if (pair.IsHalted(vcpu))
                {
                    if (pair.Layout.Stores((step << 16) | (where << 8) | count, 1500) is not { Length: > 0 } stores)
                        break;
                    pair.Load(vcpu, stores, GuestStores.SafeTurns);
                }

                pair.Run(vcpu);
                break;
            case < 6:
                pair.Harvest(vcpu, count * 5);
                break;
            case 6:
                if (pair.AreAllHalted)
                    SlotSteps.Step(pair, where, count);
                break;
            default:
                pair.Reset();
                break;
        }
    }

    private sealed class Totals
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private int _programs;
        private int _steps;
        private int _entries;
        private int _duplicates;
        private int _slotChanges;

        public Stopwatch Machines { get; } = new();

        public int FullExits { get; private set; }

        public void Add(RingPair pair, int steps)
        {
            _programs++;
            _steps += steps;
            _entries += pair.Entries;
            _duplicates += pair.Duplicates;
            _slotChanges += pair.SlotChanges;
            FullExits += pair.FullExits;
        }

        public override string ToString() =>
            $"{_programs} programs of {_steps} steps, {_entries} entries, {_duplicates} of them pushed again, {FullExits} exits on a full ring, "
            + $"{_slotChanges} slots deleted, made and moved, in "
            + $"{_clock.Elapsed.TotalSeconds:f1} s, {Machines.Elapsed.TotalSeconds:f1} s of them to make machines.";
    }
}
