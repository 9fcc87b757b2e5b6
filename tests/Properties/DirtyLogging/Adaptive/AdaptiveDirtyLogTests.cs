using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Adaptive;
using RingKit.Mmu.Guest;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Adaptive;

// In rings, where it begins: each of the 65 entries is read twice.
public sealed class AdaptiveDirtyLogTests() : WriteProtectingLogContract(machine => new AdaptiveDirtyLog(machine), bytesOfTheBooks: 2 * 65 * 16)
{
    [Fact]
    public void A_full_ring_stops_no_vcpu_and_loses_no_page()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 1000);
        using var machine = new VirtualMachine(memory, vcpus: 2);
        using var log = new AdaptiveDirtyLog(machine, new AdaptiveLogOptions { RingEntries = 64, Rule = new FixedRule(DirtyLogForm.Ring) });
        log.Start();
        for (int round = 0; round < 3; round++)
        {
            StoreAll(machine.Vcpus[0], 0, 300);
            StoreAll(machine.Vcpus[1], 300, 310);
            Assert.Equal(Enumerable.Range(0, 310).Select(page => (0u, (ulong)page)), DirtySet.Harvest(log));
            Assert.Empty(DirtySet.Harvest(log));
        }

        Assert.Equal(0ul, log.Moves);
    }

    [Fact]
    public void A_harvest_ends_though_vcpus_fill_the_rings_as_fast_as_it_empties_them()
    {
        const int Entries = 1024, Most = 40_000;
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlotWithoutBytes(0, 0, 1 << 20);
        using var machine = new VirtualMachine(memory);
        using var log = new AdaptiveDirtyLog(machine, new AdaptiveLogOptions { RingEntries = Entries, Rule = new FixedRule(DirtyLogForm.Ring) });
        log.Start();
        ulong next = 0;
        for (int i = 0; i < 8; i++)
            RecordSome();
        var pages = new SortedSet<(uint, ulong)>();
        for (int harvests = 0; pages.Count < Most; harvests++)
        {
            var sink = new RecordingSink(pages, () =>
            {
                if (next < Most)
                    RecordSome();
            });
            int before = pages.Count;
            log.Harvest(ref sink);
            Assert.InRange(pages.Count - before, 1, Entries);
        }

        Assert.Equal((ulong)pages.Count, next);

        void RecordSome()
        {
            for (int i = 0; i < 64; i++)
                log.Record(machine.Vcpus[0], slot, next++);
        }
    }

    [Fact]
    public void The_default_rule_goes_where_the_pages_are_and_comes_back()
    {
        using var memory = new GuestMemory();
        memory.AddSlotWithoutBytes(0, 0, 1 << 20);
        using var machine = new VirtualMachine(memory);
        using var log = new AdaptiveDirtyLog(machine, new AdaptiveLogOptions { RingEntries = 64 });
        log.Start();
        Assert.Equal(DirtyLogForm.Ring, Round(64, 100));
        Assert.Equal(DirtyLogForm.Summary, Round(65, 100));
        Assert.Equal(DirtyLogForm.Bitmap, Round(2000, 100));
        Assert.Equal(DirtyLogForm.Bitmap, Round(0, 1));
        Assert.Equal(DirtyLogForm.Ring, Round(0, 1));
        Assert.Equal(DirtyLogForm.Ring, Round(64, 100));
        Assert.Equal(3ul, log.Moves);

        DirtyLogForm Round(int pages, ulong distance)
        {
            for (ulong page = 0; page < (ulong)pages; page++)
                log.Record(machine.Vcpus[0], memory.Slots[0], page * distance);
            Assert.Equal(pages, DirtySet.Harvest(log).Count);
            return log.Form;
        }
    }

    [Fact]
    public void A_move_flushes_even_if_nothing_was_dirty_and_staying_does_not()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 100);
        using var machine = new VirtualMachine(memory);
        using var log = new AdaptiveDirtyLog(machine, new AdaptiveLogOptions { Rule = new FixedRule(DirtyLogForm.Bitmap) });
        log.Start();
        ulong before = log.Statistics.Invalidations;
        log.Clear();
        Assert.Equal(before + 1, log.Statistics.Invalidations);
        log.Clear();
        Assert.Equal(before + 1, log.Statistics.Invalidations);
        Assert.Equal(1ul, log.Moves);
    }

    [Fact]
    public void What_is_recorded_after_the_drain_of_a_move_is_in_the_next_harvest()
    {
        // A sink that stores to another page while it is told of the first: the harvest that takes the first moves after that.
        foreach ((DirtyLogForm before, DirtyLogForm after) in AllPairs())
        {
            using var memory = new GuestMemory();
            MemorySlot slot = memory.AddSlot(0, 0, 500);
            using var machine = new VirtualMachine(memory);
            using var log = new AdaptiveDirtyLog(machine, new AdaptiveLogOptions { Rule = new FixedRule(before, after, after) });
            log.Start();
            log.Clear();
            log.Record(machine.Vcpus[0], slot, 3);
            var late = new LateRecord(() => log.Record(machine.Vcpus[0], slot, 400));
            log.Harvest(ref late);
            Assert.Equal(after, log.Form);
            SortedSet<(uint, ulong)> pages = DirtySet.Harvest(log);
            Assert.True(late.HasMet(400) || pages.Contains((0, 400)), $"{before} to {after}: the page is in neither harvest");
            Assert.Empty(DirtySet.Harvest(log));
        }
    }

    [Fact]
    public void Bad_options_are_refused_before_the_machine_has_a_log()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 1);
        using var machine = new VirtualMachine(memory);
        foreach (int entries in (int[])[-1, 0, 3, (1 << 27) + 1])
            Assert.Throws<ArgumentOutOfRangeException>("options", () => new AdaptiveDirtyLog(machine, new AdaptiveLogOptions { RingEntries = entries }));
        Assert.Throws<ArgumentNullException>("options", () => new AdaptiveDirtyLog(machine, new AdaptiveLogOptions { Rule = null! }));
        Assert.Throws<ArgumentNullException>("machine", () => new AdaptiveDirtyLog(null!));
        Assert.Null(machine.DirtyLog);
    }

    [Fact]
    public void A_rule_that_names_no_form_is_an_error_and_loses_nothing()
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, 100);
        using var machine = new VirtualMachine(memory);
        using var log = new AdaptiveDirtyLog(machine, new AdaptiveLogOptions { Rule = new FixedRule((DirtyLogForm)3, DirtyLogForm.Ring) });
        log.Start();
        log.Record(machine.Vcpus[0], slot, 3);
        var sink = new DirtySet([]);
        Assert.Throws<InvalidOperationException>(() => log.Harvest(ref sink));
        Assert.Equal([(0u, 3ul)], sink.Pages);
        log.Record(machine.Vcpus[0], slot, 4);
        Assert.Equal([(0u, 4ul)], DirtySet.Harvest(log));
    }

    private static IEnumerable<(DirtyLogForm Before, DirtyLogForm After)> AllPairs() =>
        from before in Enum.GetValues<DirtyLogForm>()
        from after in Enum.GetValues<DirtyLogForm>()
        select (before, after);

    private static void StoreAll(Vcpu vcpu, int first, int end)
    {
        var script = new StoreScript([.. Enumerable.Range(first, end - first).Select(page => ((ulong)page << 12, 1ul))]);
        Assert.Equal(VcpuExit.Halted, vcpu.Run(ref script));
    }

    private struct LateRecord(Action record) : IDirtyPageSink
    {
        private readonly HashSet<ulong> _words = [];

        public readonly bool HasMet(ulong page) => _words.Contains(page / 64);

        public readonly void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
            if (_words.Count == 0)
                record();
            _words.Add((baseOffset + (uint)System.Numerics.BitOperations.TrailingZeroCount(mask)) / 64);
        }
    }
}
