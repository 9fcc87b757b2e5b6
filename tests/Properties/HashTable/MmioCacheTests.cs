using RingKit.Mmu;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Properties.HashTable.Harvesting;
using Xunit;

namespace RingKit.Properties.HashTable;

/// <summary>Entries of devices that a vCPU remembers, what makes them stale, and slots that go and come again.</summary>
public sealed class MmioCacheTests
{
    private const ulong DeviceR = 0x5000_1192;
    private const ulong MemoryR = FaultMachine.XGuestR;
    private static readonly VirtualAddress X = FaultMachine.X;
    private static readonly HashTableOptions Options = new() { Order = 18, PageShift = 16 };

    private readonly MmioCache _cache = new();

    [Fact]
    public void The_second_fault_at_a_device_needs_no_search()
    {
        using var machine = new FaultMachine(Options);
        ulong index = machine.Enter(X, DeviceR);
        Assert.Equal(PageFaultOutcome.Mmio, Access(machine));
        Assert.Equal(0ul, _cache.Hits);

        // Nobody lets go of the entry: a search would wait for ever.
        Assert.True(machine.Core.Table.TryLock(index));
        Assert.Equal(PageFaultOutcome.Mmio, Access(machine));
        Assert.Equal(PageFaultOutcome.Mmio, Access(machine, X with { Address = X.Address + 0xFFFF }));
        Assert.Equal(2ul, _cache.Hits);
    }

    [Fact]
    public void What_is_remembered_is_that_page_of_that_segment()
    {
        using var machine = new FaultMachine(Options);
        machine.Enter(X, DeviceR);
        Access(machine);
        foreach (VirtualAddress other in (VirtualAddress[])
        [
            X with { Address = X.Address + 0x1_0000 }, X with { Vsid = X.Vsid + 1 }, X with { BaseShift = 12 }, X with { IsOneTebibyteSegment = true },
        ])
            Assert.Null(Access(machine, other));
        Assert.Equal(0ul, _cache.Hits);
    }

    [Fact]
    public void Four_are_remembered_and_the_oldest_goes()
    {
        using var machine = new FaultMachine(Options);
        VirtualAddress[] pages = [.. Enumerable.Range(0, 5).Select(page => X with { Address = X.Address + ((ulong)page << 16) })];
        foreach (VirtualAddress page in pages)
        {
            machine.Enter(page, DeviceR);
            Assert.Equal(PageFaultOutcome.Mmio, Access(machine, page));
        }

        foreach (VirtualAddress page in pages[1..])
            Assert.Equal(PageFaultOutcome.Mmio, Access(machine, page));
        Assert.Equal(4ul, _cache.Hits);
        Assert.Equal(PageFaultOutcome.Mmio, Access(machine, pages[0]));
        Assert.Equal(4ul, _cache.Hits);
    }

    [Fact]
    public void Removing_or_protecting_a_devices_entry_makes_it_stale_and_that_of_another_does_not()
    {
        using var machine = new FaultMachine(Options);
        VirtualAddress other = X with { Address = X.Address + 0x1_0000 };
        ulong memory = machine.Enter(other, MemoryR), index = machine.Enter(X, DeviceR);
        FaultThread thread = machine.Thread;
        Access(machine);
        ulong generation = machine.Core.MmioGeneration;
        Assert.Equal(HypercallStatus.Success, machine.Core.Protect(ref thread, 0, memory, 0));
        Assert.Equal(HypercallStatus.Success, machine.Core.Remove(ref thread, 0, memory, 0).Status);
        Assert.Equal(HypercallStatus.NotFound, machine.Core.Remove(ref thread, 0, memory, 0).Status);
        Assert.Equal(generation, machine.Core.MmioGeneration);

        // The guest's own protection is looked at with what is remembered, too.
        Assert.Equal(HypercallStatus.Success, machine.Core.Protect(ref thread, HpteR.PpReadOnly, index, 0));
        Assert.Equal(generation + 1, machine.Core.MmioGeneration);
        Assert.Null(Access(machine));
        Assert.Equal(HypercallStatus.Success, machine.Core.Protect(ref thread, 2, index, 0));
        Assert.Equal(PageFaultOutcome.Mmio, Access(machine));
        Assert.Equal(PageFaultOutcome.Mmio, Access(machine));
        Assert.Equal(1ul, _cache.Hits);

        Assert.Equal(HypercallStatus.Success, machine.Core.Remove(ref thread, 0, index, 0).Status);
        Assert.Null(Access(machine));
        machine.Enter(X, DeviceR);
        Access(machine);
        Assert.Equal(HypercallStatus.Success, machine.Core.BulkRemove(ref thread, [1UL << 62 | index, 0, 3UL << 62, 0, 0, 0, 0, 0]));
        Assert.Null(Access(machine));
        Assert.Equal(generation + 4, machine.Core.MmioGeneration);
        Assert.Equal(1ul, _cache.Hits);
    }

    [Fact]
    public void Another_table_makes_all_stale()
    {
        using var machine = new FaultMachine(Options);
        machine.Enter(X, DeviceR);
        Access(machine);
        FaultThread thread = machine.Thread;
        Assert.Equal(Errno.None, machine.Core.AllocateTable(ref thread, Options.Order, vcpusRun: false));
        Assert.Null(Access(machine));
        machine.Enter(X, DeviceR);
        Access(machine);
        while (machine.Core.PrepareResize(0, 19).EstimatedMilliseconds != 0)
            System.Threading.Thread.Sleep(1);
        Assert.Equal(Errno.None, machine.Core.CommitResize(ref thread, 0, 19));
        Assert.Null(Access(machine));
        Assert.Equal(0ul, _cache.Hits);
    }

    [Fact]
    public void Memory_where_a_device_was_remembered_is_found_by_the_next_access()
    {
        using var machine = new FaultMachine(Options);
        FaultThread thread = machine.Thread;
        Assert.Equal(Errno.None, machine.Core.SetSlot(ref thread, 1, isSet: false));
        ulong index = machine.Enter(X, MemoryR);
        Assert.Equal(31, machine.Entry(index).Key);
        Assert.Equal(PageFaultOutcome.Mmio, Access(machine));
        Assert.Equal(PageFaultOutcome.Mmio, Access(machine));
        Assert.Equal(1ul, _cache.Hits);

        // Without a new generation nobody would look.
        machine.Slot.IsSet = true;
        Assert.Equal(PageFaultOutcome.Mmio, Access(machine));
        Assert.Equal(Errno.None, machine.Core.SetSlot(ref thread, 1, isSet: true));
        Assert.Equal(PageFaultOutcome.Installed, Access(machine));
        Assert.True(machine.Entry(index) is { IsValid: true, IsWritable: true, Key: 0 });
        ChainInvariant.Check(machine.Core);

        // Nor was anything kept on the way to the slot: when the page is out and comes back, it is memory.
        machine.PageOut(0x42);
        Assert.Equal(PageFaultOutcome.Installed, Access(machine));
        Assert.Equal(2ul, _cache.Hits);
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public void A_slot_that_goes_leaves_absent_entries_and_forgets_what_was_written(HashTableEra era)
    {
        using var machine = new FaultMachine(Options with { Era = era });
        FaultThread thread = machine.Thread;
        ulong index = machine.Enter(X, MemoryR), removed = machine.Enter(X with { Address = X.Address + 0x1_0000 }, MemoryR + 0x1_0000);
        foreach (ulong entry in (ulong[])[index, removed])
            machine.Core.Table.SetByHardware(entry, HpteR.ReferencedChanged);
        machine.Core.Remove(ref thread, 0, removed, 0);

        Assert.Equal(Errno.None, machine.Core.SetSlot(ref thread, 1, isSet: false));
        Assert.Equal(Errno.Invalid, machine.Core.SetSlot(ref thread, 1, isSet: false));
        Assert.Equal(Errno.Invalid, machine.Core.SetSlot(ref thread, 7, isSet: true));
        Assert.True(machine.Entry(index) is { IsValid: false, IsAbsent: true, Key: 0 });
        Assert.True(machine.Tlbies >= 2);
        Assert.Equal(0ul, machine.Rmap(0x42) & (RmapFormat.Present | RmapFormat.Changed));
        Assert.Equal(HypercallStatus.Parameter, machine.Core.PageInit(ref thread, HypercallFlags.ZeroPage, 0x42_0000, 0));
        byte[] bitmap = new byte[512];
        Assert.Equal(Errno.NoEntry, machine.Core.GetDirtyLog(ref thread, 1, bitmap, HarvestMethod.Walk, true, out _));

        // The entry has no key 31, so the table is asked each time; memory comes back by a fault.
        Assert.Equal(PageFaultOutcome.Mmio, Access(machine));
        Assert.Equal(PageFaultOutcome.Mmio, Access(machine));
        Assert.Equal(0ul, _cache.Hits);
        Assert.Equal(Errno.None, machine.Core.SetSlot(ref thread, 1, isSet: true));
        Assert.Equal(Errno.None, machine.Core.SetSlot(ref thread, 1, isSet: true));
        Assert.Equal(PageFaultOutcome.Installed, Access(machine));
        Assert.Equal(Errno.None, machine.Core.GetDirtyLog(ref thread, 1, bitmap, HarvestMethod.Walk, true, out _));
        Assert.Empty(HarvestRig.PagesOf(bitmap));
        machine.Core.Table.SetByHardware(index, HpteR.ReferencedChanged);
        Assert.Equal(Errno.None, machine.Core.GetDirtyLog(ref thread, 1, bitmap, HarvestMethod.Walk, true, out _));
        Assert.Equal([0x42], HarvestRig.PagesOf(bitmap));
        ChainInvariant.Check(machine.Core);
    }

    public static IEnumerable<TheoryDataRow<HashTableEra>> Eras => [.. Enum.GetValues<HashTableEra>().Select(era => new TheoryDataRow<HashTableEra>(era))];

    // What the host makes of the fault of a store, or null if the guest hears of it.
    private PageFaultOutcome? Access(FaultMachine machine, VirtualAddress? address = null)
    {
        FaultThread thread = machine.Thread;
        var fault = new StorageFault(address ?? X, Dsisr.NoEntry | Dsisr.Store);
        FirstLevelFault judged = machine.Core.JudgeFault(ref thread, fault, _cache);
        return judged.Outcome == FaultOutcome.Reflect ? null : machine.Core.HandlePageFault(ref thread, fault, judged.Snapshot, _cache);
    }
}
