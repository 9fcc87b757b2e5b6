using FsCheck.Fluent;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Properties.DirtyRings;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Kvm;

/// <summary>KVM's side of a ring: what is pushed, what is counted, and what happens when the ring is full.</summary>
public sealed class PushTests
{
    private static readonly Dictionary<uint, ulong> Slots = new() { [3] = 1000, [9] = 70 };

    // Known defect: PushOverwritesFullRing.
    [Theory]
    [InlineData(KvmFidelity.Faithful)]
    [InlineData(KvmFidelity.PushOverwritesFullRing)]
    public void P16_pushes_beyond_the_ring_overwrite_in_kvm_and_each_is_counted(KvmFidelity fidelity)
    {
        using var rig = new KvmRig(fidelity, ringEntries: 256);
        Assert.Equal(VcpuExit.None, MarkInOneStep(rig, 300));
        Assert.Equal(44ul, rig.Log.Losses.OverwrittenEntries);
        Assert.Equal(300u, rig.Log.Rings[0].Used);

        // The first 44 are gone, and their places have the last 44.
        List<(uint Slot, ulong Offset)> harvested = rig.Harvest();
        Assert.Equal([.. Enumerable.Range(256, 44), .. Enumerable.Range(44, 212)], harvested.Select(entry => (int)entry.Offset));
        Assert.Equal(256, rig.Log.ResetDirtyRings().Entries);

        // From here on the vCPU pushes 44 entries ahead of where its user waits: he finds nothing, and the vCPU never runs again.
        Assert.Equal(44u, rig.Log.Rings[0].Used);
        MarkInOneStep(rig, 148);
        Assert.Equal(192u, rig.Log.Rings[0].Used);
        Assert.Empty(rig.Harvest());
        Assert.Equal(0, rig.Log.ResetDirtyRings().Entries);
        Assert.Equal(VcpuExit.DirtyRingFull, rig.Store(500));
    }

    [Fact]
    public void P16_pushes_beyond_the_ring_go_elsewhere_in_a_safe_log_and_none_is_lost()
    {
        using var rig = new KvmRig(ringEntries: 256);
        Assert.Equal(VcpuExit.None, MarkInOneStep(rig, 300));
        Assert.Equal(default, rig.Log.Losses);
        Assert.Equal(256u, rig.Log.Rings[0].Used);
        Assert.Equal(256, rig.Harvest().Count);
        Assert.Equal(256, rig.Log.ResetDirtyRings().Entries);
        var rest = new DirtySet([]);
        Assert.Equal(44, rig.Log.HarvestVmRing(ref rest));
        Assert.Equal(Enumerable.Range(256, 44).Select(page => (3u, (ulong)page)), rest.Pages);
        Assert.Equal(0, rig.Log.HarvestVmRing(ref rest));

        // The same by the log's own harvest.
        Assert.Equal(VcpuExit.None, MarkInOneStep(rig, 300));
        Assert.Equal(VcpuExit.DirtyRingFull, rig.Store(500));
        Assert.Equal(300, DirtySet.Harvest(rig.Log).Count);
        Assert.Equal(VcpuExit.None, rig.Store(500));
        Assert.Equal([(3u, 500ul)], DirtySet.Harvest(rig.Log));
    }

    [Fact]
    public void P16_whatever_is_pushed_is_harvested_or_counted_as_lost() => Props.Check(
        Prop.ForAll<(byte, byte)[], bool>((steps, isSafe) =>
        {
            var ring = new KvmRing(16, reservedEntries: 4, isSafe ? KvmFidelity.Safe : KvmFidelity.Faithful, startIndex: 0xFFFF_FFF0);
            var user = new KvmRingMapping(ring);
            ulong pushed = 0, refused = 0, harvested = 0;
            var entries = new DirtyGfn[16];
            foreach ((byte step, byte count) in steps)
            {
                for (int i = 0; step % 2 == 0 && i < count % 20; i++)
                {
                    PushResult result = ring.Push(3, (uint)i);
                    pushed += result == PushResult.Full ? 0u : 1;
                    refused += result == PushResult.Full ? 1u : 0;
                }

                if (step % 2 == 0)
                    continue;
                harvested += (uint)user.Harvester.Harvest(entries);
                KvmRig.Reset(ring, KvmFidelity.Safe, new SlotsTarget(Slots));
            }

            // What an overwritten ring has still to give is out of step: it is in Used, and in no harvest.
            if (isSafe)
                return ring.Overwritten == 0 && pushed == harvested + ring.Used;
            return refused == 0 && (ring.Overwritten != 0 || pushed == harvested + ring.Used) && pushed >= harvested;
        }),
        nameof(P16_whatever_is_pushed_is_harvested_or_counted_as_lost),
        maxTest: 300);

    [Fact]
    public void P4_what_was_pushed_is_consumed_or_used() => Props.Check(
        Prop.ForAll<(byte, byte)[], (byte, bool)>((steps, kind) =>
        {
            uint start = kind.Item1 % 2 == 0 ? 0 : 0xFFFF_FFE0;
            KvmFidelity fidelity = kind.Item2 ? KvmFidelity.Safe : KvmFidelity.Faithful;
            var ring = new KvmRing(32, reservedEntries: 8, fidelity, start);
            var user = new KvmRingMapping(ring);
            uint pushed = 0, consumed = 0;
            foreach ((byte step, byte argument) in steps)
            {
                switch (step % 3)
                {
                    case 0:
                        for (int i = 0; i < argument % 24; i++)
                            pushed += ring.Push(3, argument) == PushResult.Full ? 0u : 1;
                        break;
                    case 1:
                        user.Harvester.Harvest(new DirtyGfn[argument % 40]);
                        break;
                    default:
                        var signal = new SignalAfter(argument % 20);
                        var counts = new KvmReset(Errno.None, 0);
                        var target = new SlotsTarget(Slots);
                        ring.Reset(ref target, ref signal, ref counts, argument % 3 == 0 ? 7 : int.MaxValue, fidelity);
                        consumed += (uint)counts.Entries;
                        break;
                }

                if (pushed != consumed + ring.Used || ring.Pushed - start != pushed || ring.Consumed - start != consumed)
                    return false;
            }

            return true;
        }),
        nameof(P4_what_was_pushed_is_consumed_or_used),
        maxTest: 300);

    // Golden cases of joining, and KVM's range check behind it: a batch is applied whole or not at all.
    [Fact]
    public void Every_golden_case_is_joined_as_recorded_by_either_way_of_recycling()
    {
        List<ResetVector> vectors = ResetVectorFile.Read(Path.Combine(AppContext.BaseDirectory, "DirtyRings", "reset-vectors.jsonl"));
        var everything = new Dictionary<uint, ulong>();
        foreach ((uint slot, _) in vectors.SelectMany(vector => vector.Entries))
            everything[slot] = 1UL << 40;
        foreach (ResetVector vector in vectors)
        {
            ResetBatch[] expected = [.. vector.Resets.Where(batch => batch.FitsIn(1UL << 40))];
            foreach (KvmFidelity fidelity in (KvmFidelity[])[KvmFidelity.Faithful, KvmFidelity.RefusesWholeBatch])
            {
                var ring = new KvmRing((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)vector.Entries.Length + 1), 0, fidelity);
                foreach ((uint slot, ulong offset) in vector.Entries)
                    ring.Push(slot, offset);
                new KvmRingMapping(ring).Harvester.Harvest(new DirtyGfn[ring.Capacity]);
                var target = new SlotsTarget(everything);
                Assert.Equal(vector.Count, KvmRig.Reset(ring, fidelity, target).Entries);
                Assert.Equal(expected, target.Calls);
                Assert.Empty(target.Violations);
            }
        }
    }

    // What KVM itself writes for the vCPU, as emulated stores do, in one step of the guest.
    private static VcpuExit MarkInOneStep(KvmRig rig, ulong pages)
    {
        var program = new Emulated(rig, pages);
        VcpuExit exit = rig.Machine.Vcpus[0].Run(ref program);
        return program.IsDone ? VcpuExit.None : exit;
    }

    private struct Emulated(KvmRig rig, ulong pages) : IGuestProgram
    {
        public bool IsDone { get; private set; }

        public VcpuExit Step(Vcpu vcpu)
        {
            if (IsDone)
                return VcpuExit.Halted;
            for (ulong page = 0; page < pages; page++)
                Assert.Equal(Errno.None, rig.Log.MarkPageDirty(rig.Slot, page));
            IsDone = true;
            return VcpuExit.None;
        }
    }
}
