using RingKit.Mmu;
using RingKit.Mmu.Mapping;
using Xunit;

namespace RingKit.Properties.Mapping;

/// <summary>The rules of slots: what KVM refuses, by which errno, and that nothing has changed then.</summary>
public sealed class MappingSpaceTests
{
    private const ulong Page = 4096;

    [Fact]
    public void Slots_are_found_by_frame_and_by_id_and_holes_by_neither()
    {
        var space = new MappingSpace();
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(5, 16 * Page, 4 * Page, 0)));
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(2, 0, 4 * Page, 0)));
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(MappingSpace.MaximumSlots - 1, (1UL << 52) - Page, Page, HostMapping.AddressEnd - Page)));
        Assert.Equal([0ul, 16, MappingSpace.MaximumFrames - 1], space.Slots.Select(slot => slot.BaseGfn));
        Assert.Equal(2u, space.FindByGfn(3)!.Id);
        Assert.Null(space.FindByGfn(4));
        Assert.Null(space.FindByGfn(15));
        Assert.Equal(5u, space.FindByGfn(19)!.Id);
        Assert.Null(space.FindByGfn(20));
        Assert.Null(space.FindByGfn(ulong.MaxValue));
        Assert.Equal(16ul, space.FindById(5)!.BaseGfn);
        Assert.Null(space.FindById(0));

        Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(5, 0, 0, 0)));
        Assert.Null(space.FindByGfn(16));
        Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(new UserMemoryRegion(5, 0, 0, 0)));
    }

    [Fact]
    public void Bad_regions_are_refused_and_nothing_changes()
    {
        var space = new MappingSpace();
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(0, 16 * Page, 4 * Page, 16 * Page)));
        var good = new UserMemoryRegion(1, 32 * Page, 4 * Page, 32 * Page);
        UserMemoryRegion[] invalid =
        [
            good with { MemorySize = Page - 1 }, good with { MemorySize = (1UL << 31) * Page }, good with { MemorySize = ulong.MaxValue - Page + 1 },
            good with { GuestPhysicalAddress = 1 }, good with { GuestPhysicalAddress = 1UL << 52 }, good with { GuestPhysicalAddress = (1UL << 52) - Page },
            good with { GuestPhysicalAddress = ulong.MaxValue - Page + 1 },
            good with { UserspaceAddress = 1 }, good with { UserspaceAddress = HostMapping.AddressEnd - Page }, good with { UserspaceAddress = ulong.MaxValue - Page + 1 },
            good with { Id = MappingSpace.MaximumSlots }, good with { Id = 1 << 16 }, good with { Id = uint.MaxValue },
            good with { Flags = (MappingSlotTraits)8 }, good with { Flags = (MappingSlotTraits)uint.MaxValue },
            good with { Flags = MappingSlotTraits.GuestMemfd },
        ];
        Assert.All(invalid, region => Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(region)));
        foreach ((ulong start, ulong pages) in ((ulong, ulong)[])[(16, 4), (13, 4), (19, 1), (0, 100), (17, 2)])
            Assert.Equal(Errno.Exists, space.SetUserMemoryRegion(good with { GuestPhysicalAddress = start * Page, MemorySize = pages * Page }));
        Assert.Equal([new MappingSlot(0, 16, 4, 16 * Page)], space.Slots);
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(good with { GuestPhysicalAddress = 20 * Page }));
    }

    [Fact]
    public void A_slot_can_log_move_and_go_but_not_change_its_size_or_place_in_the_host()
    {
        var space = new MappingSpace();
        var region = new UserMemoryRegion(0, 1024 * Page, 1024 * Page, 1024 * Page);
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(region));
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(region with { Id = 1, GuestPhysicalAddress = 0 }));
        LargePageInfo before = space.LargePagesAt(1024);
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(region));
        Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(region with { MemorySize = 512 * Page }));
        Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(region with { UserspaceAddress = 0 }));
        Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(region with { Flags = MappingSlotTraits.ReadOnly }));
        Assert.Equal(Errno.Exists, space.SetUserMemoryRegion(region with { GuestPhysicalAddress = 1023 * Page }));
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(region with { Flags = MappingSlotTraits.LogDirtyPages }));
        Assert.True(space.FindByGfn(1024)!.IsDirtyTracked);
        Assert.Same(before, space.LargePagesAt(1024));

        // Moved over its own old place, and no longer aligned: the large-page info is another.
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(region with { GuestPhysicalAddress = 1025 * Page }));
        Assert.Null(space.FindByGfn(1024));
        Assert.False(space.LargePagesAt(1536).IsAllowed(MappingLevel.Size2M, 1536));
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(region with { MemorySize = 0 }));
        Assert.Single(space.Slots);
    }

    [Fact]
    public void Guest_memfd_slots_neither_log_nor_are_read_only_nor_change()
    {
        var space = new MappingSpace();
        UserMemoryRegion region = GmemRegion(space);
        Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(region with { Flags = region.Flags | MappingSlotTraits.LogDirtyPages }));
        Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(region with { Flags = region.Flags | MappingSlotTraits.ReadOnly }));
        Assert.Empty(space.Slots);
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(region));
        Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(region));
        Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(region with { GuestPhysicalAddress = 1 << 30 }));
        Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(region with { Flags = region.Flags | MappingSlotTraits.LogDirtyPages }));
        Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(region with { Flags = MappingSlotTraits.None }));
        Assert.False(Assert.Single(space.Slots).IsDirtyTracked);
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(region with { MemorySize = 0 }));
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(region));
    }

    [Fact]
    public void The_extension_logs_guest_memfd_and_recovers_its_levels()
    {
        var space = new MappingSpace(new MappingOptions { LogsGuestMemfd = true });
        UserMemoryRegion region = GmemRegion(space);
        UserMemoryRegion logging = region with { Flags = region.Flags | MappingSlotTraits.LogDirtyPages };
        region.Gmem!.SetOrder(0, 1024, 9);
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(region));
        Assert.Equal(MappingLevel.Size2M, Fault().GoalLevel);

        Assert.Equal(Errno.None, space.SetUserMemoryRegion(logging));
        Assert.Equal(MappingLevel.Size4K, Fault().GoalLevel);
        Assert.Equal(new RecoveryLevel(MappingLevel.Size4K, MappingWarnings.DirtyTracked), MaxMappingLevel.ForRecovery(MappingForm.RingKit, space, 5));

        Assert.Equal(Errno.None, space.SetUserMemoryRegion(region));
        Assert.Equal(new RecoveryLevel(MappingLevel.Size2M), MaxMappingLevel.ForRecovery(MappingForm.RingKit, space, 5));
        Assert.Equal(new RecoveryLevel(MappingLevel.Size4K, MappingWarnings.NoFrameWithoutFault), MaxMappingLevel.ForRecovery(MappingForm.Merged, space, 5));
        Assert.Equal(MappingLevel.Size2M, Fault().GoalLevel);

        foreach (UserMemoryRegion bad in (UserMemoryRegion[])
            [logging with { GmemOffset = Page }, logging with { UserspaceAddress = Page }, logging with { GuestPhysicalAddress = 1 << 30 },
            logging with { MemorySize = Page }, logging with { Gmem = null }, region with { Flags = region.Flags | MappingSlotTraits.ReadOnly },
            region with { Flags = MappingSlotTraits.LogDirtyPages }])
        {
            Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(bad));
        }

        Assert.False(Assert.Single(space.Slots).IsDirtyTracked);

        AdjustedFault Fault() => FaultAdjustment.Adjust(MappingForm.RingKit, space, new MappingFault(5, 5));
    }

    [Fact]
    public void A_file_is_bound_once_at_each_page_by_the_machine_that_made_it()
    {
        var space = new MappingSpace();
        UserMemoryRegion region = GmemRegion(space);
        Assert.Equal(Errno.Invalid, new MappingSpace().SetUserMemoryRegion(region));
        foreach (ulong offset in (ulong[])[1, Page, 4ul << 20, ulong.MaxValue - Page + 1, 1UL << 63])
            Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(region with { GmemOffset = offset }));
        Assert.Empty(space.Slots);

        UserMemoryRegion half = region with { MemorySize = 2ul << 20 };
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(half with { GmemOffset = 1 << 20 }));
        UserMemoryRegion other = half with { Id = 1, GuestPhysicalAddress = 1 << 30 };
        Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(other));
        Assert.Equal(Errno.Invalid, space.SetUserMemoryRegion(other with { GmemOffset = (3 << 20) - Page, MemorySize = Page }));
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(other with { GmemOffset = 3 << 20, MemorySize = 1 << 20 }));
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(half with { MemorySize = 0 }));
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(other with { Id = 0, GuestPhysicalAddress = 0 }));
    }

    [Fact]
    public void A_file_has_whole_pages_and_known_flags()
    {
        var space = new MappingSpace();
        foreach (ulong size in (ulong[])[0, 1, Page + 1, 1UL << 63, ulong.MaxValue - Page + 1])
        {
            Assert.Equal(Errno.Invalid, space.CreateGuestMemfd(size, GuestMemfdTraits.None, out GuestMemfd? none));
            Assert.Null(none);
        }

        Assert.Equal(Errno.Invalid, space.CreateGuestMemfd(Page, (GuestMemfdTraits)4, out _));
        Assert.Equal(Errno.Invalid, space.CreateGuestMemfd(Page, GuestMemfdTraits.InitShared, out _));
        var plain = new MappingSpace(new MappingOptions { HasPrivateMemory = false });
        Assert.Equal(Errno.None, plain.CreateGuestMemfd(Page, GuestMemfdTraits.InitShared | GuestMemfdTraits.Mmap, out GuestMemfd? file));
        Assert.True(file!.AllowsMmap);
    }

    [Fact]
    public void Levels_forms_and_frames_that_there_are_not_are_refused()
    {
        Assert.Equal("options", Assert.Throws<ArgumentOutOfRangeException>(() => new MappingSpace(new MappingOptions { LargestLevel = MappingLevel.None })).ParamName);
        Assert.Equal("options", Assert.Throws<ArgumentOutOfRangeException>(() => new MappingSpace(new MappingOptions { PrivateLimit = (MappingLevel)4 })).ParamName);
        var space = new MappingSpace();
        GmemRegion(space);
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(0, 0, Page, 0)));
        Assert.Equal("gfn", Assert.Throws<ArgumentOutOfRangeException>(() => space.LargePagesAt(1)).ParamName);
        Assert.Equal("gfn", Assert.Throws<ArgumentOutOfRangeException>(() => MaxMappingLevel.ForRecovery(MappingForm.Posted, space, 1)).ParamName);
        Assert.Equal("gfn", Assert.Throws<ArgumentOutOfRangeException>(() => FaultAdjustment.Adjust(MappingForm.Posted, space, new MappingFault(1, 1))).ParamName);
        Assert.Equal("form", Assert.Throws<ArgumentOutOfRangeException>(() => MaxMappingLevel.ForRecovery((MappingForm)3, space, 0)).ParamName);
        Assert.Equal("form", Assert.Throws<ArgumentOutOfRangeException>(() => FaultAdjustment.Adjust((MappingForm)(-1), space, new MappingFault(0, 0))).ParamName);
        Assert.Equal("fault", Assert.Throws<ArgumentOutOfRangeException>(() => FaultAdjustment.Adjust(MappingForm.Posted, space, new MappingFault(0, 0, MaximumLevel: MappingLevel.None))).ParamName);
        Assert.Equal("space", Assert.Throws<ArgumentNullException>(() => FaultAdjustment.Adjust(MappingForm.Posted, null!, default)).ParamName);
        Assert.Equal("space", Assert.Throws<ArgumentNullException>(() => MaxMappingLevel.ForRecovery(MappingForm.Posted, null!, 0)).ParamName);
    }

    private static UserMemoryRegion GmemRegion(MappingSpace space)
    {
        Assert.Equal(Errno.None, space.CreateGuestMemfd(4ul << 20, GuestMemfdTraits.Mmap, out GuestMemfd? file));
        return new UserMemoryRegion(0, 0, 4ul << 20, 0x7F00_0000_0000, MappingSlotTraits.GuestMemfd, file);
    }
}
