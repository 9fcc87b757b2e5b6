using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Adaptive;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Adaptive;

/// <summary>The same stores on two machines, one with a bitmap, one with a log that moves as it is told.</summary>
public sealed class AdaptiveAgainstBitmap
{
    private const ulong Pages = 300;

    private static readonly Func<GuestMemory, VirtualMachine>[] Machines =
    [
        memory => new VirtualMachine(memory, vcpus: 2),
        memory => new VirtualMachine(memory, vcpus: 2, new Stage2Options()),
        memory => new VirtualMachine(memory, vcpus: 2, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog }),
    ];

    [Fact]
    public void Adaptive_log_and_bitmap_report_the_same_pages()
    {
        // Each element is one store, or, for a few, a harvest, after which the log goes to any form or stays.
        Gen<Script> scripts =
            from machine in Gen.Choose(0, Machines.Length - 1)
            from entries in Gen.Elements(1, 4, 16, 256)
            from forms in Gen.Elements(Enum.GetValues<DirtyLogForm>()).NonEmptyListOf()
            from steps in Gen.ArrayOf(Gen.Zip(Gen.Choose(-1, 1), Gen.Choose(0, (int)(Pages * 4096) - 8)))
            select new Script(machine, entries, [.. forms], steps);
        Props.Check(Prop.ForAll(Arb.From(scripts), AgreeOn), nameof(Adaptive_log_and_bitmap_report_the_same_pages), maxTest: 150, endSize: 600);
    }

    private static void AgreeOn(Script script)
    {
        using var memory = new GuestMemory();
        using var otherMemory = new GuestMemory();
        foreach (GuestMemory one in (GuestMemory[])[memory, otherMemory])
        {
            one.AddSlot(2, 0, Pages - 100);
            one.AddSlot(7, Pages - 100, 100);
        }

        using VirtualMachine machine = Machines[script.Machine](memory), otherMachine = Machines[script.Machine](otherMemory);
        using var bitmap = new BitmapDirtyLog(machine);
        using var adaptive = new AdaptiveDirtyLog(otherMachine, new AdaptiveLogOptions { RingEntries = script.Entries, Rule = new FixedRule(script.Forms) });
        bitmap.Start();
        adaptive.Start();
        foreach ((int vcpu, int address) in script.Steps)
        {
            if (vcpu < 0)
            {
                Assert.Equal(DirtySet.Harvest(bitmap), DirtySet.Harvest(adaptive));
                continue;
            }

            var store = new StoreScript([((ulong)address, (ulong)address)]);
            Assert.Equal(VcpuExit.Halted, machine.Vcpus[vcpu].Run(ref store));
            store = new StoreScript([((ulong)address, (ulong)address)]);
            Assert.Equal(VcpuExit.Halted, otherMachine.Vcpus[vcpu].Run(ref store));
        }

        Assert.Equal(DirtySet.Harvest(bitmap), DirtySet.Harvest(adaptive));
        Assert.Empty(DirtySet.Harvest(adaptive));
    }

    private sealed record Script(int Machine, int Entries, DirtyLogForm[] Forms, (int Vcpu, int Address)[] Steps)
    {
        public override string ToString() => $"machine {Machine}, {Entries} entries, {string.Join(' ', Forms)}: {string.Join(' ', Steps)}";
    }
}
