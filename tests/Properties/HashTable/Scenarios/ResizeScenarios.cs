using System.Buffers.Binary;
using RingKit.Mmu;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Images;
using Xunit;
using static RingKit.Properties.HashTable.FaultMachine;
using static RingKit.Properties.HashTable.ResizeTests;

namespace RingKit.Properties.HashTable.Scenarios;

/// <summary>Another table in place of the one in use, and a table that goes through a stream.</summary>
public sealed class ResizeScenarios
{
    private const ulong CleanX = XGuestR & ~HpteR.ReferencedChanged;

    [Fact]
    public void S10_Bolted_entries_move_absent_and_C_of_all_is_reported() => ScenarioCase.InAll(at => S10(at, order: 24));

    [Fact]
    public void S10_Two_bolted_entries_in_one_place_keep_the_old_table() => ScenarioCase.InAll(at => S10NoSpace(at, order: 24));

    [Fact]
    public void S10_A_table_that_went_through_a_stream_reads_the_same() => S10Stream();

    // Small tables for the many runs with past bugs.
    internal static void S10(ScenarioCase at) => S10(at, order: 18);

    internal static void S10NoSpace(ScenarioCase at) => S10NoSpace(at, order: 19);

    private static void S10(ScenarioCase at, int order)
    {
        foreach (bool isa30 in (bool[])[false, true])
        {
            using FaultMachine machine = Machine(at, order, isa30);
            VirtualAddress z = X with { Address = X.Address + 0x10000 };
            machine.Enter(X, CleanX, slotInGroup: 3, vBits: HpteV.Bolted);
            machine.Enter(z, 0x43_1192);
            machine.Access(X, store: true);
            machine.Access(z, store: true, keepsC: true);

            Assert.Equal(Errno.None, Resize(machine, (uint)order + 1));
            Assert.Equal((order + 1, 1UL << (order - 3)), (machine.Core.Table.Geometry.Order, machine.Core.Table.Geometry.EntryCount));
            ulong index = ((0x123454 & ((1UL << (order - 6)) - 1)) * 8) + 3;
            Assert.Equal(0x0000_0001_2345_6034UL, machine.Entry(index).V);
            Assert.Equal(1, Present(machine));

            // The guest's copy is that of before the resize looked at C.
            Assert.Equal(CleanX, machine.Core.Chains.LoadGuestR(index));
            Assert.Equal([0x42, 0x43], machine.Get(at.Method));
            Assert.Empty(machine.Get(at.Method, vcpusRun: false));
            machine.Access(X, store: true);
            Assert.True(machine.Entry(index).IsValid);
            Assert.Equal([0x42], machine.Get(at.Method));
            ChainInvariant.Check(machine.Core);
        }
    }

    private static void S10NoSpace(ScenarioCase at, int order)
    {
        using FaultMachine machine = Machine(at, order, isa30: false);
        VirtualAddress other = X with { Vsid = X.Vsid ^ 0x800 };
        VirtualAddress later = X with { Vsid = X.Vsid ^ 0x8800 };
        VirtualAddress[] addresses = [X, other, later];
        ulong first = machine.Enter(X, XGuestR, vBits: HpteV.Bolted);
        ulong second = machine.Enter(other, 0x43_1192, vBits: HpteV.Bolted);
        ulong third = machine.Enter(later, 0x44_1192, slotInGroup: 1);
        Assert.True(first < second && second < third);
        foreach (VirtualAddress address in addresses)
            machine.Access(address, store: true);

        // Those up to the one that failed were harvested.
        Assert.Equal(Errno.NoSpace, Resize(machine, 18));
        Assert.Equal(order, machine.Core.Table.Geometry.Order);
        Assert.True(machine.Core.MmuReady);
        Assert.True(machine.Entry(first).IsAbsent && machine.Entry(second).IsAbsent && machine.Entry(third).IsValid);
        Assert.True(machine.Entry(third).IsChanged);
        Assert.Equal([0x42, 0x43, 0x44], machine.Get(at.Method));
        Assert.Empty(machine.Get(at.Method, vcpusRun: false));
        foreach (VirtualAddress address in addresses)
            machine.Access(address, store: true);
        Assert.Equal([0x42, 0x43, 0x44], machine.Get(at.Method));
        ChainInvariant.Check(machine.Core);
        Assert.Equal(Errno.NoDevice, Commit(machine, 18));
    }

    private static void S10Stream()
    {
        using var guest = new HashScenario();
        guest.Enter();
        Assert.True(guest.Thread.Store(HashScenario.Index));
        Hpte read = guest.Read();
        using var image = new HashedPageTable(guest.Core.Table.Geometry.Order) { [HashScenario.Index] = read };
        using var written = new MemoryStream();
        HtabStreamWriter.Write(written, image);

        // KVM reads V while it holds the entry, so the lock's bit is in the stream.
        byte[] stream = written.ToArray();
        byte[] v = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(v, read.V);
        stream[stream.AsSpan().IndexOf(v) + 7] |= (byte)HpteV.HvLock;

        using HashedPageTable parsed = HtabStreamReader.Read(new MemoryStream(stream));
        Assert.Equal(read, parsed[HashScenario.Index]);
        using var reloaded = new HashScenario();
        for (ulong index = 0; index < parsed.EntryCount; index++)
        {
            if (parsed[index].IsValid)
                Assert.Equal(HypercallStatus.Success, reloaded.Enter(index, parsed[index].V, parsed[index].R).Status);
        }

        Assert.Equal(read, reloaded.Read());
        Assert.Equal(guest.Chain(), reloaded.Chain());
    }

    private static FaultMachine Machine(ScenarioCase at, int order, bool isa30) =>
        new(at.Options with { Order = order, Isa30 = isa30, BackingShift = 16 });
}
