using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Clients;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Clients;

/// <summary>What several readers of one log see of it.</summary>
public sealed class DirtyLogClientsTests : IDisposable
{
    private readonly ClientsRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Each_client_sees_what_was_written_since_its_own_last_harvest()
    {
        using DirtyLogClient display = Started("display"), migration = Started("migration");
        Assert.Equal(["display", "migration"], _rig.Clients.Names);
        Store(1);
        Assert.Equal([(3u, 1ul)], DirtySet.Harvest(display));
        Store(2);
        Assert.Equal([(3u, 2ul)], DirtySet.Harvest(display));
        Assert.Equal([(3u, 1ul), (3u, 2ul)], HeldPages.TakeFrom(migration));
        Store(1);
        Assert.Equal([(3u, 1ul)], DirtySet.Harvest(migration));
        Assert.Equal([(3u, 1ul)], DirtySet.Harvest(display));
        Assert.Empty(DirtySet.Harvest(display));
    }

    [Fact]
    public void A_client_that_puts_pages_back_gets_them_again_alone()
    {
        using DirtyLogClient display = Started("display"), migration = Started("migration");
        Store(1, 5001);
        migration.Take().Dispose();
        migration.PutBack(_rig.Low, 60, 0b10001);
        Assert.Equal([(3u, 1ul), (9u, 1ul)], DirtySet.Harvest(display));
        Assert.Empty(DirtySet.Harvest(display));
        Assert.Equal([(3u, 1ul), (3u, 60ul), (3u, 64ul), (9u, 1ul)], HeldPages.TakeFrom(migration));
    }

    [Fact]
    public void The_log_is_on_while_a_client_is()
    {
        DirtyLogClient display = _rig.Clients.Join("display"), migration = _rig.Clients.Join("migration");
        Assert.False(_rig.Low.LogsDirtyPages);
        display.Start();
        Assert.True(_rig.Low.LogsDirtyPages);
        Store(1);
        migration.Start();
        Store(2);
        Assert.Equal([(3u, 2ul)], DirtySet.Harvest(migration));
        display.Stop();
        Assert.True(_rig.Low.LogsDirtyPages);
        Store(3);
        Assert.Empty(DirtySet.Harvest(display));
        Assert.Equal([(3u, 3ul)], DirtySet.Harvest(migration));
        display.Start();
        Store(4);
        Assert.Equal([(3u, 4ul)], DirtySet.Harvest(display));
        migration.Dispose();
        Assert.True(_rig.Low.LogsDirtyPages);
        display.Dispose();
        display.Dispose();
        Assert.False(_rig.Low.LogsDirtyPages);
        Assert.Empty(_rig.Clients.Names);
        Assert.Throws<ObjectDisposedException>(() => display.Start());
        Assert.Throws<ObjectDisposedException>(() => DirtySet.Harvest(display));
    }

    [Fact]
    public void A_client_that_leaves_takes_what_it_holds_with_it()
    {
        using DirtyLogClient display = Started("display");
        DirtyLogClient migration = Started("migration");
        Store(1, 2);
        DirtyHarvest held = migration.Take();
        migration.Dispose();
        Assert.Equal(2ul, held.PutBack());
        held.Dispose();
        Assert.Equal([(3u, 1ul), (3u, 2ul)], DirtySet.Harvest(display));
        using DirtyLogClient next = Started("migration");
        Assert.Empty(DirtySet.Harvest(next));
    }

    [Fact]
    public void A_clean_display_costs_no_harvest()
    {
        using DirtyLogClient display = Started("display");
        Assert.True(display.MayHavePages());
        using DirtyLogClient migration = Started("migration");
        DirtySet.Harvest(display);
        ulong harvests = display.Statistics.Harvests;
        for (int i = 0; i < 100; i++)
            Assert.False(display.MayHavePages());
        Assert.Equal(harvests, display.Statistics.Harvests);

        // By a vCPU, by a device, by what another client's harvest has moved, and by what came back.
        Store(1);
        Assert.True(display.MayHavePages());
        DirtySet.Harvest(display);
        Assert.False(display.MayHavePages());
        Assert.Equal(Errno.None, _rig.Machine.WriteAsDevice(5000ul << 12, [1]));
        Assert.True(display.MayHavePages());
        DirtySet.Harvest(migration);
        Assert.True(display.MayHavePages());
        Assert.False(migration.MayHavePages());
        DirtySet.Harvest(display);
        Assert.False(display.MayHavePages());
        display.PutBack(_rig.High, 3, 1);
        Assert.True(display.MayHavePages());
        display.Stop();
        Assert.False(display.MayHavePages());
    }

    [Fact]
    public void Where_nobody_counts_records_a_client_has_to_harvest()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 64);
        using var hashed = new VirtualMachine(memory, 1, new HashTableOptions());
        using var hashLog = new HashTableDirtyLog(hashed, HashTableLogMethod.Walk);
        AssertNeverClean(hashed);
        using var tdp = new VirtualMachine(memory, 1, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog });
        using var tdpLog = new BitmapDirtyLog(tdp);
        AssertNeverClean(tdp);
    }

    [Fact]
    public void Runs_are_as_long_as_they_get_and_a_slot_can_be_asked_for_alone()
    {
        using DirtyLogClient display = Started("display");
        Store([5, .. Enumerable.Range(60, 80).Select(page => (ulong)page), 998, 999, 5000, 5001, 5069]);
        List<(uint Slot, ulong First, ulong Count)> runs = [];
        var sink = new RunSink(runs);
        display.HarvestRuns(_rig.High, ref sink);
        Assert.Equal([(9u, 0ul, 2ul), (9u, 69ul, 1ul)], runs);
        runs.Clear();
        display.HarvestRuns(ref sink);
        Assert.Equal([(3u, 5ul, 1ul), (3u, 60ul, 80ul), (3u, 998ul, 2ul)], runs);
        runs.Clear();
        display.HarvestRuns(ref sink);
        Assert.Empty(runs);

        Store(1, 3, 5000);
        var failing = new RunSink(runs, failAt: 1);
        Assert.Throws<IOException>(() => display.HarvestRuns(ref failing));
        Assert.Equal([(3u, 1ul, 1ul)], runs);
        Assert.Equal([(3u, 3ul), (9u, 0ul)], DirtySet.Harvest(display));
    }

    [Fact]
    public void A_slot_that_goes_leaves_its_last_pages_to_every_client()
    {
        using DirtyLogClient display = Started("display"), migration = Started("migration");
        Store(1, 5000);
        DirtySet.Harvest(display);
        Store(5001);
        Assert.Equal(Errno.None, _rig.Machine.RemoveSlot(_rig.High));
        Assert.True(display.MayHavePages());
        Assert.Equal([(9u, 1ul)], DirtySet.Harvest(display));
        Assert.Equal([(3u, 1ul), (9u, 0ul), (9u, 1ul)], HeldPages.TakeFrom(migration));
    }

    [Fact]
    public void A_page_reaches_no_other_clients_sink_before_the_harvest_of_the_log_is_over()
    {
        using ManualResetEventSlim isAtWork = new(), goesOn = new(), isDone = new();
        SortedSet<(uint Slot, ulong Offset)> seen = [];
        bool overtakes = false;
        using var overtaken = new OvertakenTake(_rig.Log, () =>
        {
            if (!overtakes)
                return;
            overtakes = false;
            goesOn.Set();
            Assert.True(isDone.Wait(TimeSpan.FromSeconds(20)));
            Assert.Equal([(3u, 1ul), (3u, 998ul)], seen);
        });
        _rig.Machine.Detach(_rig.Log);
        _rig.Machine.Attach(overtaken);
        using (var clients = new DirtyLogClients(_rig.Machine))
        {
            DirtyLogClient display = clients.Join("display"), migration = clients.Join("migration");
            display.Start();
            migration.Start();
            Store(1, 998);
            new Crew(TimeSpan.FromSeconds(60)).Run(
                ("display", () =>
                {
                    var sink = new WaitingSink(seen, isAtWork, goesOn);
                    display.Harvest(ref sink);
                    isDone.Set();
                }
            ),
                ("migration", () =>
                {
                    Assert.True(isAtWork.Wait(TimeSpan.FromSeconds(20)));
                    DirtySet.Harvest(migration);
                    Store(999);
                    overtakes = true;
                    Assert.Equal([(3u, 999ul)], DirtySet.Harvest(migration));
                }
            ));
            Assert.Equal([(3u, 999ul)], DirtySet.Harvest(display));
        }

        _rig.Machine.Detach(overtaken);
        _rig.Machine.Attach(_rig.Log);
    }

    [Fact]
    public void Bad_arguments_are_refused()
    {
        using DirtyLogClient display = _rig.Clients.Join("display");
        Assert.Throws<ArgumentException>("name", () => _rig.Clients.Join("display"));
        Assert.Throws<ArgumentException>("name", () => _rig.Clients.Join(""));
        Assert.Throws<ArgumentOutOfRangeException>("baseOffset", () => display.PutBack(_rig.High, 70, 1));
        Assert.Throws<ArgumentNullException>("slot", () => display.PutBack(null!, 0, 1));
        Assert.Throws<ArgumentNullException>("machine", () => new DirtyLogClients(null!));
        using var other = new GuestMemory();
        MemorySlot foreign = other.AddSlot(3, 0, 1000);
        using var bare = new VirtualMachine(other);
        Assert.Throws<ArgumentException>("machine", () => new DirtyLogClients(bare));
        Assert.Throws<ArgumentException>("slot", () => ReadRuns(display, foreign));
    }

    private static void AssertNeverClean(VirtualMachine machine)
    {
        using var clients = new DirtyLogClients(machine);
        using DirtyLogClient client = clients.Join("display");
        client.Start();
        client.Clear();
        Assert.True(client.MayHavePages());
    }

    private static void ReadRuns(DirtyLogClient client, MemorySlot slot)
    {
        var sink = new RunSink([]);
        client.HarvestRuns(slot, ref sink);
    }

    private DirtyLogClient Started(string name)
    {
        DirtyLogClient client = _rig.Clients.Join(name);
        client.Start();
        return client;
    }

    private void Store(params ulong[] gfns)
    {
        var script = new StoreScript([.. gfns.Select(gfn => (gfn << 12, gfn))]);
        Assert.Equal(VcpuExit.Halted, _rig.Machine.Vcpus[0].Run(ref script));
    }

    // Stops at the first page until it is told to go on.
    private readonly struct WaitingSink(SortedSet<(uint Slot, ulong Offset)> seen, ManualResetEventSlim isAtWork, ManualResetEventSlim goesOn) : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
            new DirtySet(seen).Accept(slot, baseOffset, mask);
            isAtWork.Set();
            Assert.True(goesOn.Wait(TimeSpan.FromSeconds(20)));
        }
    }
}
