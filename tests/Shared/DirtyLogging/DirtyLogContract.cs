using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <summary>What every dirty log promises; each log's test class runs all of it.</summary>
public abstract partial class DirtyLogContract : IDisposable
{
    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly IDirtyLog _log;
    private readonly Func<VirtualMachine, IDirtyLog> _make;
    private readonly bool _readsDirty;

    /// <param name="make">Makes the log under test.</param>
    /// <param name="machine">Makes its machine, of two vCPUs.</param>
    /// <param name="readsDirty">Whether the first load of a page maps it writable, and so marks it.</param>
    protected DirtyLogContract(Func<VirtualMachine, IDirtyLog> make, Func<GuestMemory, VirtualMachine> machine, bool readsDirty = false)
    {
        _readsDirty = readsDirty;
        ArgumentNullException.ThrowIfNull(make);
        ArgumentNullException.ThrowIfNull(machine);
        _make = make;
        _memory.AddSlot(id: 3, baseGfn: 0, pageCount: 1000);
        _memory.AddSlot(id: 9, baseGfn: 5000, pageCount: 70);
        _machine = machine(_memory);
        _log = make(_machine);
    }

    /// <summary>The log under test.</summary>
    protected IDirtyLog Log => _log;

    public void Dispose()
    {
        _log.Dispose();
        _machine.Dispose();
        _memory.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Nothing_is_logged_before_the_start_and_after_the_stop()
    {
        Store(0, 1, 2);
        Assert.Empty(DirtySet.Harvest(_log));
        _log.Start();
        Assert.Empty(DirtySet.Harvest(_log));
        Store(0, 2, 3);
        _log.Stop();
        Store(0, 4);
        Assert.Empty(DirtySet.Harvest(_log));
    }

    [Fact]
    public void It_says_how_much_memory_its_records_take() => Assert.InRange(_log.BookkeepingBytes, 1ul, 1ul << 20);

    [Fact]
    public void Pages_written_before_the_start_are_logged_when_they_are_written_again()
    {
        Store(0, 1, 2);
        _log.Start();
        Store(0, 2);
        Assert.Equal([(3u, 2ul)], DirtySet.Harvest(_log));
    }

    [Fact]
    public void A_page_is_reported_once_a_round_and_again_in_the_round_in_which_it_is_written_again()
    {
        _log.Start();
        Store(0, 1, 1, 999, 5069, 1);
        Assert.Equal([(3u, 1ul), (3u, 999ul), (9u, 69ul)], DirtySet.Harvest(_log));
        Assert.Empty(DirtySet.Harvest(_log));
        Store(0, 999, 999);
        Assert.Equal([(3u, 999ul)], DirtySet.Harvest(_log));
    }

    [Fact]
    public void A_store_across_two_pages_dirties_both_and_loads_dirty_none()
    {
        _log.Start();
        GuestAction.Run(_machine.Vcpus[0], vcpu => vcpu.Store((7ul << 12) - 1, new byte[2]));
        GuestAction.Run(_machine.Vcpus[0], vcpu => vcpu.Load(20ul << 12, new byte[4096]));
        SortedSet<(uint Slot, ulong Offset)> expected = [(3u, 6ul), (3u, 7ul)];
        if (_readsDirty)
            expected.Add((3u, 20ul));
        Assert.Equal(expected, DirtySet.Harvest(_log));
    }

    [Fact]
    public void A_harvest_takes_the_permission_from_every_vcpu()
    {
        _log.Start();
        Store(0, 5);
        Store(1, 5);
        Assert.Equal([(3u, 5ul)], DirtySet.Harvest(_log));
        Store(1, 5);
        Assert.Equal([(3u, 5ul)], DirtySet.Harvest(_log));
        Store(0, 5);
        Assert.Equal([(3u, 5ul)], DirtySet.Harvest(_log));
    }

    [Fact]
    public void Pages_that_a_failing_sink_did_not_take_come_again_and_none_is_left_writable()
    {
        _log.Start();
        ulong[] pages = [1, 200, 400, 600, 5001];
        for (int failAt = 0; failAt < pages.Length; failAt++)
        {
            Store(0, pages);
            var failing = new FailingPageSink(failAt, []);
            Assert.Throws<IOException>(() => _log.Harvest(ref failing));
            SortedSet<(uint Slot, ulong Offset)> later = DirtySet.Harvest(_log);
            later.UnionWith(failing.Taken);
            Assert.Equal(5, later.Count);

            Store(0, pages);
            Assert.Equal(5, DirtySet.Harvest(_log).Count);
        }
    }

    [Fact]
    public void Clear_forgets_and_protects_again()
    {
        _log.Start();
        Store(0, 1, 2);
        _log.Clear();
        Assert.Empty(DirtySet.Harvest(_log));
        Store(0, 2);
        Assert.Equal([(3u, 2ul)], DirtySet.Harvest(_log));
    }

    [Fact]
    public void A_start_after_a_stop_begins_afresh()
    {
        _log.Start();
        Store(0, 1, 2);
        _log.Stop();
        Store(0, 3);
        _log.Start();
        Store(0, 3, 4);
        Assert.Equal([(3u, 3ul), (3u, 4ul)], DirtySet.Harvest(_log));
    }

    [Fact]
    public void A_machine_has_one_log_at_a_time()
    {
        Assert.Same(_log, _machine.DirtyLog);
        Assert.Throws<InvalidOperationException>(() => _make(_machine));
        _log.Start();
        Store(0, 1);
        _log.Dispose();
        _log.Dispose();
        Assert.Null(_machine.DirtyLog);
        Store(0, 1, 2);
        using IDirtyLog next = _make(_machine);
        next.Start();
        Store(0, 2);
        Assert.Equal([(3u, 2ul)], DirtySet.Harvest(next));
    }

    [Fact]
    public void The_steady_state_allocates_nothing()
    {
        _log.Start();
        ulong pages = 0;
        Assert.Equal(0, Allocated.By(() => pages = Rounds()));
        Assert.Equal(50 * 100ul, pages);
    }

    private ulong Rounds()
    {
        ulong pages = 0;
        for (int i = 0; i < 50; i++)
        {
            var program = default(TouchPages);
            _machine.Vcpus[0].Run(ref program);
            var sink = default(CountingPageSink);
            _log.Harvest(ref sink);
            pages += sink.Pages;
        }

        return pages;
    }

    protected void Store(int vcpu, params ulong[] gfns)
    {
        var script = new StoreScript([.. gfns.Select(gfn => (gfn << 12, gfn))]);
        Assert.Equal(VcpuExit.Halted, _machine.Vcpus[vcpu].Run(ref script));
    }

    private struct TouchPages : IGuestProgram
    {
        private ulong _page;

        public VcpuExit Step(Vcpu vcpu) => _page < 100 ? vcpu.Store(_page++ * 7 << 12, 1ul) : VcpuExit.Halted;
    }
}
