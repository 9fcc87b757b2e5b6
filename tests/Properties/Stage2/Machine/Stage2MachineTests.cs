using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.Stage2.Machine;

/// <summary>vCPUs over a stage-2 table: misses, faults, blocks, what the host does under them, and the checker beside it all.</summary>
public sealed class Stage2MachineTests : IDisposable
{
    private const ulong BaseGfn = 0x40000;
    private const ulong Base = BaseGfn << GuestPage.Shift;
    private const ulong Block = 512;
    private const ulong Pages = 4 * Block;
    private readonly GuestMemory _memory = new();
    private readonly MemorySlot _slot;
    private readonly Stage2Checker _checker = new();
    private readonly List<VirtualMachine> _machines = [];

    public Stage2MachineTests() => _slot = _memory.AddSlot(0, BaseGfn, Pages);

    public void Dispose()
    {
        foreach (VirtualMachine machine in _machines)
        {
            Stage2HvCore<Ordering.HardwareOrdering> core = machine.Stage2!.Core;
            _checker.CheckTables(core.Table);
            machine.Dispose();
            Assert.Equal(0, core.Table.LeakedTables);
        }

        Assert.Empty(_checker.Violations);
        _memory.Dispose();
    }

    [Fact]
    public void A_store_maps_a_block_and_lands_in_memory_and_its_neighbours_do_not_fault()
    {
        VirtualMachine machine = Machine(new Stage2Options());
        Store(machine, 3, 7);
        Assert.Equal(7, _slot.Memory.AsSpan()[3 << 12]);
        Assert.Equal(new Stage2Mappings(0, 1, 0), machine.Stage2!.CountMappings());
        Store(machine, 511, 8);
        Assert.Equal(1ul, machine.Vcpus[0].Faults);
        Store(machine, 512, 9);
        Assert.Equal(2ul, machine.Vcpus[0].Faults);
        Assert.Equal(new Stage2Mappings(0, 2, 0), machine.Stage2.CountMappings());
        Assert.Equal(7ul, Load(machine, 3));
    }

    [Fact]
    public void Without_huge_pages_every_page_faults_by_itself()
    {
        VirtualMachine machine = Machine(new Stage2Options { HasHugePages = false });
        for (ulong page = 0; page < Block; page++)
            Store(machine, page, page);
        Assert.Equal(Block, machine.Vcpus[0].Faults);
        Assert.Equal(new Stage2Mappings(Block, 0, 0), machine.Stage2!.CountMappings());
    }

    [Theory]
    [InlineData(0x3fff_fff8ul)]
    [InlineData(0x3fff_fffcul)]
    [InlineData(Base + (Pages << 12))]
    [InlineData(Base + (Pages << 12) - 4)]
    public void An_access_outside_the_slots_exits_and_stores_nothing(ulong gpa)
    {
        VirtualMachine machine = Machine(new Stage2Options());
        Assert.Equal(VcpuExit.NoMemory, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(gpa, ulong.MaxValue)));
        Assert.Equal(VcpuExit.NoMemory, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Load(gpa, new byte[8])));
        Assert.Equal(-1, _slot.Memory.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Theory]
    [InlineData(1ul << 40)]
    [InlineData(ulong.MaxValue - 7)]
    public void An_access_beyond_the_ipa_size_is_the_guests_own_fault(ulong gpa) =>
        Assert.Equal(VcpuExit.GuestFault, GuestAction.Run(Machine(new Stage2Options()).Vcpus[0], vcpu => vcpu.Store(gpa, 1ul)));

    [Fact]
    public void A_slot_beyond_the_ipa_size_and_options_out_of_range_are_refused_and_the_memory_is_free_again()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, (1ul << 24) - 1, 2);
        Assert.Throws<ArgumentException>(() => new VirtualMachine(memory, 1, new Stage2Options { IpaBits = 36 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new VirtualMachine(memory, 1, new Stage2Options { IpaBits = 31 }));
        Assert.Throws<ArgumentNullException>(() => new VirtualMachine(memory, 1, (Stage2Options)null!));
        using var machine = new VirtualMachine(memory, 1, new Stage2Options());
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(1ul << 36, 1ul)));
    }

    [Fact]
    public void The_first_store_to_a_protected_block_dissolves_it_and_the_others_of_the_block_fault_in()
    {
        VirtualMachine machine = Machine(new Stage2Options());
        Fill(machine);
        using var log = new BitmapDirtyLog(machine);
        log.Start();
        Assert.Equal(new Stage2Mappings(0, 4, 0), machine.Stage2!.CountMappings());
        Stage2Statistics before = machine.Stage2.Statistics;

        Store(machine, 515, 1);
        Stage2Statistics cost = machine.Stage2.Statistics - before;
        Assert.Equal((1ul, 0ul, 1ul, 1ul), (cost.PermissionFaults, cost.TranslationFaults, cost.DissolvedBlocks, cost.InvalidationsByIpa));
        Assert.Equal(new Stage2Mappings(1, 3, 0), machine.Stage2.CountMappings());

        // A load maps read-only, so the store after it faults, and is recorded.
        Load(machine, 519);
        Assert.Equal([(0u, 515ul)], DirtySet.Harvest(log));
        Store(machine, 519, 1);
        Assert.Equal([(0u, 519ul)], DirtySet.Harvest(log));
        cost = machine.Stage2.Statistics - before;
        Assert.Equal((2ul, 1ul, 1ul, 1ul), (cost.PermissionFaults, cost.TranslationFaults, cost.Relaxed, cost.LocalInvalidations));
    }

    [Fact]
    public void Eager_splitting_spares_the_faults_of_the_pages_that_are_only_read()
    {
        VirtualMachine machine = Machine(new Stage2Options { EagerSplitChunk = 2 << 20 });
        Fill(machine);
        Stage2Statistics before = machine.Stage2!.Statistics;
        using var log = new BitmapDirtyLog(machine);
        log.Start();
        Assert.Equal(new Stage2Mappings(Pages, 0, 0), machine.Stage2.CountMappings());
        for (ulong page = 0; page < Pages; page++)
            Load(machine, page);
        Store(machine, 515, 1);
        Assert.Equal([(0u, 515ul)], DirtySet.Harvest(log));
        Stage2Statistics cost = machine.Stage2.Statistics - before;
        Assert.Equal((0ul, 1ul, 4ul, 4ul), (cost.TranslationFaults, cost.PermissionFaults, cost.SplitBlocks, cost.TablesTaken));
        Assert.Equal((4ul, 0ul), (cost.InvalidationsByIpa, cost.DissolvedBlocks));
    }

    [Fact]
    public void Stopping_the_log_changes_nothing_and_the_next_faults_bring_blocks_back()
    {
        VirtualMachine machine = Machine(new Stage2Options());
        Fill(machine);
        using var log = new BitmapDirtyLog(machine);
        log.Start();
        Store(machine, 515, 1);
        log.Stop();
        Assert.Equal(new Stage2Mappings(1, 3, 0), machine.Stage2!.CountMappings());

        // A read-only block becomes writable in place; a table with a hole becomes a block where the hole is met; its writable page does not fault.
        Stage2Statistics before = machine.Stage2.Statistics;
        Store(machine, 0, 1);
        Store(machine, 515, 1);
        Assert.Equal(1ul, (machine.Stage2.Statistics - before).Relaxed);
        Assert.Equal(new Stage2Mappings(1, 3, 0), machine.Stage2.CountMappings());
        Load(machine, 519);
        Stage2Statistics cost = machine.Stage2.Statistics - before;
        Assert.Equal((1ul, 1ul, 1ul), (cost.CollapsedTables, cost.TablesFreed, cost.InvalidationsByRange));
        Assert.Equal(new Stage2Mappings(0, 4, 0), machine.Stage2.CountMappings());
        Assert.Equal(1ul, Load(machine, 515));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_page_that_was_aged_is_young_again_after_an_access_and_faults_for_it_where_processors_do_not_set_AF(bool hardware)
    {
        VirtualMachine machine = Machine(new Stage2Options { HasHardwareAccessFlag = hardware });
        Fill(machine);
        Assert.Equal(4ul, machine.Stage2!.Age(BaseGfn, Pages));
        Assert.Equal(0ul, machine.Stage2.Age(BaseGfn, Pages));

        // TLBs may keep what was aged; this one is full of other pages.
        machine.InvalidateTlbs();
        Load(machine, 700);
        Assert.Equal(hardware ? 0ul : 1, machine.Stage2.Statistics.AccessFlagFaults);
        Assert.Equal(1ul, machine.Stage2.Age(BaseGfn, Pages));
    }

    [Fact]
    public void What_the_host_invalidates_splits_moves_or_writes_out_comes_back_with_its_bytes()
    {
        VirtualMachine machine = Machine(new Stage2Options());
        Stage2Hv stage2 = machine.Stage2!;
        Fill(machine);
        stage2.Invalidate(BaseGfn + 10, 1);
        Assert.Equal(new Stage2Mappings(0, 3, 0), stage2.CountMappings());
        AssertFilled(machine);
        Assert.Equal(new Stage2Mappings(0, 4, 0), stage2.CountMappings());

        stage2.SplitHugePages(BaseGfn + 600, 1);
        AssertFilled(machine);
        Assert.Equal(new Stage2Mappings(512, 3, 0), stage2.CountMappings());
        stage2.CollapseHugePages(0, ulong.MaxValue);
        AssertFilled(machine);
        Assert.Equal(new Stage2Mappings(0, 4, 0), stage2.CountMappings());

        stage2.Migrate(0, ulong.MaxValue);
        Assert.Equal(default, stage2.CountMappings());
        AssertFilled(machine);
        stage2.Reclaim(BaseGfn + 1000, 600);
        AssertFilled(machine);
        stage2.Share(BaseGfn, 1);
        AssertFilled(machine);
        Store(machine, 0, 0x1_0000);
        Assert.Equal(0x1_0000ul, Load(machine, 0));
        stage2.Invalidate(BaseGfn + Pages, ulong.MaxValue);
        stage2.Migrate(0, 0);
    }

    [Fact]
    public void A_store_across_two_blocks_reaches_both()
    {
        VirtualMachine machine = Machine(new Stage2Options());
        using var log = new BitmapDirtyLog(machine);
        Fill(machine);
        log.Start();
        ulong gpa = Base + (Block << 12) - 4;
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(gpa, 0x1122_3344_5566_7788ul)));
        Assert.Equal([(0u, 511ul), (0u, 512ul)], DirtySet.Harvest(log));
        Assert.Equal(0x1122_3344_5566_7788ul, BitConverter.ToUInt64(_slot.Memory.AsSpan()[(int)(gpa - Base)..]));
        Assert.Equal(2ul, machine.Stage2!.Statistics.DissolvedBlocks);
    }

    private VirtualMachine Machine(Stage2Options options)
    {
        var machine = new VirtualMachine(_memory, 1, options with { Checker = _checker });
        _machines.Add(machine);
        return machine;
    }

    private static void Fill(VirtualMachine machine)
    {
        for (ulong page = 0; page < Pages; page++)
            Store(machine, page, page + 1);
    }

    private static void AssertFilled(VirtualMachine machine)
    {
        for (ulong page = 0; page < Pages; page++)
            Assert.Equal(page + 1, Load(machine, page));
    }

    private static void Store(VirtualMachine machine, ulong page, ulong value) =>
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(Base + (page << 12), value)));

    private static ulong Load(VirtualMachine machine, ulong page)
    {
        byte[] bytes = new byte[8];
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Load(Base + (page << 12), bytes)));
        return BitConverter.ToUInt64(bytes);
    }
}
