using RingKit.Mmu.Guest;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2.Host;
using RingKit.Ordering;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;

namespace RingKit.Properties.Stage2.Faults;

/// <summary>The host process by itself: its regions, its pages and where they move, the way back from a physical address.</summary>
public sealed class HostSpaceTests : IDisposable
{
    private readonly HostSpace<HardwareOrdering> _host = new();
    private readonly GuestMemory _memory = new();
    private QuietHostThread _thread;

    [Fact]
    public void Regions_neither_overlap_nor_are_made_of_parts_of_pages()
    {
        _host.Add(new HostRegionSettings(Userspace, Block) { PhysicalAddress = Physical });
        Assert.Throws<ArgumentException>(() => _host.Add(new HostRegionSettings(Userspace + Page, Page)));
        Assert.Throws<ArgumentException>(() => _host.Add(new HostRegionSettings(Userspace + Gigabyte, Page) { PhysicalAddress = Physical + (3 * Gigabyte) }));
        Assert.Throws<ArgumentException>(() => _host.Add(new HostRegionSettings(Userspace + Block + 1, Page)));
        Assert.Throws<ArgumentException>(() => _host.Add(new HostRegionSettings(Userspace + (2 * Block), Page) { Kind = HostRegionKind.HugeTlb2M }));
        Assert.Throws<ArgumentException>(() => _host.Add(new HostRegionSettings(Userspace + (2 * Block), Block) { Kind = HostRegionKind.HugeTlb1G }));
        Assert.Throws<ArgumentException>(() => _host.Replace(new HostRegionSettings(Userspace, Page)));
        Assert.Throws<ArgumentOutOfRangeException>(() => _host.Add(new HostRegionSettings(Userspace + Block, 0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => _host.Add(new HostRegionSettings(0x7FFF_FFFF_F000, 2 * Page)));
        Assert.Throws<ArgumentOutOfRangeException>(() => _host.Add(new HostRegionSettings(Block, Page) { Kind = (HostRegionKind)9 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => _host.Add(new HostRegionSettings(Block, Page) { PhysicalAddress = (1UL << 48) - Page }));
        Assert.Single(_host.Regions);
    }

    [Fact]
    public void An_anonymous_region_has_huge_pages_where_one_fits_and_scattered_small_ones_elsewhere()
    {
        HostRegion<HardwareOrdering> region = _host.Add(new HostRegionSettings(Userspace + (Block / 2), 2 * Block));
        Assert.Equal(HostPageState.Absent, region.Look(Userspace + Block, isWrite: false).State);
        HostPage huge = region.FaultIn(ref _thread, Userspace + Block + 0x3000, isWrite: true);
        Assert.Equal((HostPageState.Found, 21, true), (huge.State, huge.Shift, huge.IsWritable));
        HostPage small = region.FaultIn(ref _thread, Userspace + Block - Page, isWrite: false);
        HostPage before = region.FaultIn(ref _thread, Userspace + Block - (2 * Page), isWrite: false);
        Assert.Equal((12, 12), (small.Shift, before.Shift));
        Assert.NotEqual(before.Address + Page, small.Address);
        Assert.Equal(HostPageState.Refused, _host.FaultIn(ref _thread, Userspace, isWrite: false).State);
    }

    [Fact]
    public void A_page_moves_over_all_its_places_and_its_address_always_leads_back()
    {
        MemorySlot memory = _memory.AddSlot(0, 0, 16);
        HostRegion<HardwareOrdering> region = _host.Add(new HostRegionSettings(Userspace, Block) { HasHugePages = false, Memory = memory, MemoryAddress = Userspace + Page });
        var seen = new HashSet<ulong>();
        for (int i = 0; i < HostRegion<HardwareOrdering>.Places; i++)
        {
            ulong address = region.FaultIn(ref _thread, Userspace + 0x5000, isWrite: true).Address;
            Assert.True(seen.Add(address));
            Assert.True(_host.TryFindAddress(address, out ulong back));
            Assert.Equal(Userspace + 0x5000, back);
            Assert.True(_host.TryFindBytes(address + 7, out MemorySlot? slot, out ulong offset));
            Assert.Equal((memory, 0x4007UL), (slot, offset));
            if (i % 2 == 0)
                region.Migrate(ref _thread, Userspace + 0x5000);
            else
                region.Reclaim(ref _thread, Userspace + 0x5000);
        }

        Assert.False(_host.TryFindBytes(region.PhysicalAddress, out _, out _));
        Assert.False(_host.TryFindAddress(region.PhysicalAddress - Page, out _));
        Assert.False(_host.TryFindAddress(0, out _));
    }

    [Fact]
    public void A_collapse_moves_and_joins_and_a_split_does_not_move()
    {
        HostRegion<HardwareOrdering> region = _host.Add(new HostRegionSettings(Userspace, 2 * Block));
        ulong huge = region.FaultIn(ref _thread, Userspace, isWrite: true).Address;
        region.Split(ref _thread, Userspace + 0x7000);
        HostPage page = region.Look(Userspace + 0x7000, isWrite: true);
        Assert.Equal((huge + 0x7000, 12), (page.Address, page.Shift));
        region.Migrate(ref _thread, Userspace + 0x7000);
        Assert.NotEqual(huge + 0x7000, region.Look(Userspace + 0x7000, isWrite: true).Address);
        Assert.True(region.Collapse(ref _thread, Userspace + 0x9000));
        HostPage joined = region.Look(Userspace + 0x7000, isWrite: true);
        Assert.Equal((21, 0x7000UL), (joined.Shift, joined.Address & (Block - 1)));
        Assert.NotEqual(huge, joined.Address - 0x7000);
        Assert.False(region.Collapse(ref _thread, Userspace));
        Assert.False(region.Collapse(ref _thread, Userspace + Block));
    }

    [Fact]
    public void A_shared_page_is_copied_for_a_store_and_keeps_its_huge_page_from_collapsing()
    {
        HostRegion<HardwareOrdering> region = _host.Add(new HostRegionSettings(Userspace, Block));
        ulong huge = region.FaultIn(ref _thread, Userspace, isWrite: true).Address;
        region.Share(ref _thread, Userspace);
        Assert.Equal(HostPageState.NeedsCopy, region.Look(Userspace + Page, isWrite: true).State);
        region.Copy(ref _thread, Userspace + Page);
        HostPage copy = region.Look(Userspace + Page, isWrite: true);
        Assert.Equal((HostPageState.Found, true), (copy.State, copy.Address != huge + Page));
        Assert.Equal(HostPageState.NeedsCopy, region.Look(Userspace, isWrite: true).State);
        Assert.False(region.Collapse(ref _thread, Userspace));
    }

    [Fact]
    public void Hugetlbfs_breaks_and_copies_as_a_whole()
    {
        HostRegion<HardwareOrdering> region = _host.Add(new HostRegionSettings(Userspace, 2 * Block) { Kind = HostRegionKind.HugeTlb2M });
        region.FaultIn(ref _thread, Userspace, isWrite: true);
        region.Share(ref _thread, Userspace);
        region.Copy(ref _thread, Userspace + Page);
        Assert.Equal((HostPageState.Found, 21), (region.Look(Userspace, isWrite: true).State, region.Look(Userspace, isWrite: true).Shift));
        region.Poison(ref _thread, Userspace + Page);
        Assert.Equal(HostPageState.Poisoned, region.Look(Userspace, isWrite: false).State);
        Assert.Equal(HostPageState.Found, region.FaultIn(ref _thread, Userspace + Block, isWrite: false).State);
    }

    [Fact]
    public void Scenario_13_An_invalidation_elsewhere_matters_to_who_asks_by_address_only_when_it_is_over()
    {
        using var sequence = new InvalidationSequence<HardwareOrdering>();
        ulong snapshot = sequence.Snapshot;
        sequence.Start(0x1000, 0x3000);
        Assert.True(sequence.HasChanged(snapshot));
        Assert.Equal((true, false, false), (sequence.HasChanged(snapshot, 0x1000), sequence.HasChanged(snapshot, 0x3000), sequence.HasChanged(snapshot, 0)));
        sequence.Start(0x8000, 0x9000);
        Assert.True(sequence.HasChanged(snapshot, 0x4000));
        sequence.End();
        Assert.Equal((1UL, true), (sequence.InProgress, sequence.HasChanged(snapshot, 0)));
        sequence.End();
        Assert.Equal((0UL, snapshot + 2), (sequence.InProgress, sequence.Snapshot));
        Assert.False(sequence.HasChanged(sequence.Snapshot));
        sequence.Start(0x5000, 0x6000);
        Assert.False(sequence.HasChanged(sequence.Snapshot, 0x4000));
    }

    public void Dispose()
    {
        _host.Dispose();
        _memory.Dispose();
    }
}
