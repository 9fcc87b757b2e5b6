using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <summary>The same stores on two machines, one with each log.</summary>
public sealed class RingAgainstBitmap
{
    private const ulong Pages = 300;

    [Fact]
    public void P10_ring_and_bitmap_report_the_same_pages()
    {
        // Each element is one store, or, for a few, a harvest.
        Gen<(int Vcpu, int Address)[]> scripts = Gen.ArrayOf(Gen.Zip(Gen.Choose(-1, 1), Gen.Choose(0, (int)(Pages * 4096) - 8)));
        Props.Check(Prop.ForAll(Arb.From(scripts), AgreeOn), nameof(P10_ring_and_bitmap_report_the_same_pages), maxTest: 150, endSize: 600);
    }

    private static void AgreeOn((int Vcpu, int Address)[] script)
    {
        using var memory = new GuestMemory();
        using var otherMemory = new GuestMemory();
        memory.AddSlot(2, 0, Pages);
        otherMemory.AddSlot(2, 0, Pages);
        using var machine = new VirtualMachine(memory, vcpus: 2);
        using var otherMachine = new VirtualMachine(otherMemory, vcpus: 2);
        using var bitmap = new BitmapDirtyLog(machine);
        using var ring = new RingDirtyLog(otherMachine, ringEntries: 16, reservedEntries: 4);
        bitmap.Start();
        ring.Start();

        var written = new SortedSet<(uint, ulong)>();
        var early = new SortedSet<(uint, ulong)>();
        foreach ((int vcpu, int address) in script)
        {
            if (vcpu < 0)
            {
                CheckRound(bitmap, ring, written, early);
                continue;
            }

            written.Add((2, (ulong)address >> 12));
            written.Add((2, ((ulong)address + 7) >> 12));
            var store = new StoreScript([((ulong)address, (ulong)address)]);
            Assert.Equal(VcpuExit.Halted, machine.Vcpus[vcpu].Run(ref store));
            store = new StoreScript([((ulong)address, (ulong)address)]);
            while (otherMachine.Vcpus[vcpu].Run(ref store) == VcpuExit.DirtyRingFull)
                early.UnionWith(DirtySet.Harvest(ring));
        }

        CheckRound(bitmap, ring, written, early);
        Assert.True(memory.Slots[0].Memory.AsSpan().SequenceEqual(otherMemory.Slots[0].Memory.AsSpan()));
    }

    private static void CheckRound(
        BitmapDirtyLog bitmap, RingDirtyLog ring, SortedSet<(uint Slot, ulong Page)> written, SortedSet<(uint Slot, ulong Page)> early)
    {
        early.UnionWith(DirtySet.Harvest(ring));
        Assert.Equal(written, DirtySet.Harvest(bitmap));
        Assert.Equal(written, early);
        written.Clear();
        early.Clear();
    }
}
