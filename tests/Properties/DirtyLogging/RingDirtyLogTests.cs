using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

// Its harvest reads each of the 65 entries twice: to harvest it and to reset it.
public sealed class RingDirtyLogTests()
    : WriteProtectingLogContract(machine => new RingDirtyLog(machine, ringEntries: 256), bytesOfTheBooks: 2 * 65 * 16)
{
    [Fact]
    public void A_vcpu_leaves_the_guest_at_the_soft_limit_until_a_harvest_has_made_room()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 1000);
        using var machine = new VirtualMachine(memory);
        using var log = new RingDirtyLog(machine, ringEntries: 256);
        log.Start();
        var script = new StoreScript([.. Enumerable.Range(0, 500).Select(page => ((ulong)page << 12, (ulong)page))]);

        Assert.Equal(VcpuExit.DirtyRingFull, machine.Vcpus[0].Run(ref script));
        Assert.Equal(192, script.Done);
        Assert.Equal(VcpuExit.DirtyRingFull, machine.Vcpus[0].Run(ref script));
        Assert.Equal(192, script.Done);
        Assert.Equal(192, DirtySet.Harvest(log).Count);
        Assert.Equal(VcpuExit.DirtyRingFull, machine.Vcpus[0].Run(ref script));
        Assert.Equal(384, script.Done);
        Assert.Equal(192, DirtySet.Harvest(log).Count);
        Assert.Equal(VcpuExit.Halted, machine.Vcpus[0].Run(ref script));
        Assert.Equal(116, DirtySet.Harvest(log).Count);
    }

    [Fact]
    public void Without_a_reserve_a_store_that_finds_no_room_does_not_happen_in_any_part()
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, 100);
        using var machine = new VirtualMachine(memory);
        using var log = new RingDirtyLog(machine, ringEntries: 4, reservedEntries: 0);
        log.Start();

        // Three pages, then one step that needs two records where one is left: its first page is recorded, but nothing is stored.
        var script = new StoreScript([(0, 1), (1 << 12, 1), (2 << 12, 1), ((11ul << 12) - 4, ulong.MaxValue), (20 << 12, 1)]);
        Assert.Equal(VcpuExit.DirtyRingFull, machine.Vcpus[0].Run(ref script));
        Assert.Equal(3, script.Done);
        Assert.Equal(-1, slot.Memory.AsSpan()[(3 << 12)..].IndexOfAnyExcept((byte)0));
        Assert.Equal([(0u, 0ul), (0u, 1ul), (0u, 2ul), (0u, 10ul)], DirtySet.Harvest(log));
        Assert.Equal(VcpuExit.Halted, machine.Vcpus[0].Run(ref script));
        Assert.Equal([(0u, 10ul), (0u, 11ul), (0u, 20ul)], DirtySet.Harvest(log));
    }

    [Fact]
    public void Neighbouring_pages_share_a_reset_call()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 1000);
        using var machine = new VirtualMachine(memory);
        using var log = new RingDirtyLog(machine);
        log.Start();
        var script = new StoreScript([.. Enumerable.Range(100, 640).Select(page => ((ulong)page << 12, 1ul))]);
        machine.Vcpus[0].Run(ref script);
        DirtyLogStatistics before = log.Statistics;
        Assert.Equal(640, DirtySet.Harvest(log).Count);
        Assert.Equal(10ul, (log.Statistics - before).ResetCalls);
    }

    [Fact]
    public void A_harvest_ends_though_a_vcpu_fills_the_ring_as_fast_as_it_empties_it()
    {
        const int Entries = 1024, Most = 20_000;
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlotWithoutBytes(0, 0, 1 << 20);
        using var machine = new VirtualMachine(memory);
        using var log = new RingDirtyLog(machine, Entries, reservedEntries: 0);
        log.Start();
        ulong next = 0;
        Record();
        var pages = new SortedSet<(uint, ulong)>();
        while (pages.Count < Most)
        {
            var sink = new RecordingSink(pages, Record);
            int before = pages.Count;
            log.Harvest(ref sink);
            Assert.InRange(pages.Count - before, 1, Entries);
        }

        Assert.Equal((ulong)pages.Count, next);

        void Record()
        {
            while (next < Most && log.CanRecord(machine.Vcpus[0]))
                log.Record(machine.Vcpus[0], slot, next++);
        }
    }

    [Fact]
    public void Entries_that_name_no_page_are_refused_and_counted()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(4, 0, 10);
        using var machine = new VirtualMachine(memory);
        using var log = new RingDirtyLog(machine, ringEntries: 64, reservedEntries: 0);
        log.Start();
        foreach ((uint slot, ulong offset) in new (uint, ulong)[] { (4, 10), (4, ulong.MaxValue), (5, 0), (0x10004, 1), (4, 9), (uint.MaxValue, 3) })
            log.Rings[0].Producer.TryPush(slot, offset);
        Assert.Equal([(4u, 9ul)], DirtySet.Harvest(log));
        Assert.Equal(5ul, log.Statistics.RefusedPages);
        Assert.Equal(6ul, log.Statistics.Entries);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(64)]
    public void A_ring_is_a_power_of_two_above_its_reserve(int entries)
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 1);
        using var machine = new VirtualMachine(memory);
        Assert.Throws<ArgumentOutOfRangeException>(() => new RingDirtyLog(machine, entries));
        Assert.Null(machine.DirtyLog);
        using var log = new RingDirtyLog(machine);
    }
}
