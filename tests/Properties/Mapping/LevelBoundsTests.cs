using FsCheck.Fluent;
using RingKit.Mmu.Mapping;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Mapping;

/// <summary>No level is above what any of its sources allows, in any form, over random machines.</summary>
public sealed class LevelBoundsTests
{
    [Fact]
    public void No_level_is_above_what_each_source_allows()
    {
        Props.Check(
            Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), seed =>
            {
                var machine = new MappingMachine(new Random(seed));
                foreach (ulong gfn in machine.SomeFrames(12))
                    CheckFrame(machine, gfn);
            }),
            nameof(No_level_is_above_what_each_source_allows),
            maxTest: 150);
    }

    [Fact]
    public void A_frame_that_is_not_where_the_file_is_congruent_is_mapped_small_by_ringkit_and_reported_of_kvm()
    {
        var space = new MappingSpace();
        space.CreateGuestMemfd(8ul << 20, GuestMemfdTraits.Mmap, out GuestMemfd? file);
        file!.SetOrder(0, 2048, 9);
        space.SetUserMemoryRegion(new UserMemoryRegion(0, 0, 4ul << 20, 0, MappingSlotTraits.GuestMemfd, file, GmemOffset: 4096));
        Assert.Equal(new RecoveryLevel(MappingLevel.Size2M), MaxMappingLevel.ForRecovery(MappingForm.Posted, space, 5));
        Assert.Equal(new RecoveryLevel(MappingLevel.Size4K), MaxMappingLevel.ForRecovery(MappingForm.RingKit, space, 5));

        var fault = new MappingFault(5, 0x1006);
        AdjustedFault merged = FaultAdjustment.Adjust(MappingForm.Merged, space, fault);
        Assert.Equal(new AdjustedFault(IsMemoryFault: false, MappingLevel.Size2M, MappingLevel.Size2M, 0, 0x1000, MappingWarnings.Misplaced), merged);
        Assert.Equal(new AdjustedFault(IsMemoryFault: false, MappingLevel.Size4K, MappingLevel.Size4K, 5, 0x1006), FaultAdjustment.Adjust(MappingForm.RingKit, space, fault));
    }

    [Fact]
    public void A_fault_without_a_frame_or_with_a_small_maximum_stays_small()
    {
        var space = new MappingSpace();
        space.SetUserMemoryRegion(new UserMemoryRegion(0, 0, 2ul << 20, 0));
        space.Host.Map(0, 2 << 20, MappingLevel.Size2M);
        foreach (MappingForm form in Enum.GetValues<MappingForm>())
        {
            Assert.Equal(MappingLevel.Size2M, FaultAdjustment.Adjust(form, space, new MappingFault(5, 5)).GoalLevel);
            Assert.Equal(
                new AdjustedFault(IsMemoryFault: false, MappingLevel.Size4K, MappingLevel.Size4K, 5, MappingFault.NoFrame),
                FaultAdjustment.Adjust(form, space, new MappingFault(5, MappingFault.NoFrame)));
            Assert.Equal(
                new AdjustedFault(IsMemoryFault: false, MappingLevel.Size4K, MappingLevel.Size4K, 5, 5),
                FaultAdjustment.Adjust(form, space, new MappingFault(5, 5, MaximumLevel: MappingLevel.Size4K)));
        }
    }

    [Fact]
    public void The_makers_limit_holds_for_private_memory_but_not_in_the_posted_recovery()
    {
        var space = new MappingSpace(new MappingOptions { PrivateLimit = MappingLevel.Size4K });
        space.CreateGuestMemfd(2ul << 20, GuestMemfdTraits.None, out GuestMemfd? file);
        file!.SetOrder(0, 512, 9);
        space.SetUserMemoryRegion(new UserMemoryRegion(0, 0, 2ul << 20, 0, MappingSlotTraits.GuestMemfd, file));
        space.Host.Map(0, 2 << 20, MappingLevel.Size2M);
        Assert.Equal(MappingLevel.Size2M, MaxMappingLevel.ForRecovery(MappingForm.RingKit, space, 0).Level);

        space.SetMemoryAttributes(0, 2 << 20, MemoryAttributes.Private);
        Assert.Equal(MappingLevel.Size2M, MaxMappingLevel.ForRecovery(MappingForm.Posted, space, 0).Level);
        Assert.Equal(MappingLevel.Size4K, MaxMappingLevel.ForRecovery(MappingForm.RingKit, space, 0).Level);
        foreach (MappingForm form in Enum.GetValues<MappingForm>())
            Assert.Equal(MappingLevel.Size4K, FaultAdjustment.Adjust(form, space, new MappingFault(0, 0, IsPrivate: true)).GoalLevel);
    }

    private static void CheckFrame(MappingMachine machine, ulong gfn)
    {
        MappingLevel allowed = machine.LargePagesAllow(gfn);
        bool isPrivate = machine.IsPrivate(gfn);
        bool isOfGmem = machine.Slot.IsGmemOnly || (isPrivate && machine.Slot.Gmem != null);
        MappingLevel source = isOfGmem ? machine.GmemAllows(gfn) : machine.HostAllows(gfn);
        foreach (MappingForm form in Enum.GetValues<MappingForm>())
        {
            RecoveryLevel recovery = MaxMappingLevel.ForRecovery(form, machine.Space, gfn);
            Assert.True(recovery.Level <= allowed, $"{form}: {recovery} of {gfn} is above {allowed}");
            Assert.True(recovery.Level <= source, $"{form}: {recovery} of {gfn} is above its source's {source}");

            ulong pfn = machine.PfnOf(gfn);
            AdjustedFault fault = FaultAdjustment.Adjust(form, machine.Space, new MappingFault(gfn, pfn, isPrivate && !(form == MappingForm.Posted && machine.Slot.IsGmemOnly)));
            if (fault.IsMemoryFault)
            {
                Assert.True(isPrivate && machine.Slot.Gmem == null);
                if (form != MappingForm.Posted)
                    Assert.Equal(MappingLevel.Size4K, recovery.Level);
                continue;
            }

            ulong mask = MappingLevels.Pages(fault.GoalLevel) - 1;
            Assert.True(fault.GoalLevel <= allowed && fault.GoalLevel <= source);
            Assert.Equal(gfn & ~mask, fault.Gfn);
            Assert.Equal(pfn & ~mask, fault.Pfn);
            Assert.Equal(((gfn ^ pfn) & mask) != 0, fault.Warnings.HasFlag(MappingWarnings.Misplaced));
            if (form == MappingForm.RingKit)
            {
                // Exactly the lowest of the limits, and the same with a fault and without.
                MappingLevel expected = MappingLevels.Min(allowed, source);
                while (isOfGmem && gfn % MappingLevels.Pages(expected) != machine.Slot.GmemPageOf(gfn) % MappingLevels.Pages(expected))
                    expected--;
                if (machine.Slot.IsDirtyTracked)
                    expected = MappingLevel.Size4K;
                Assert.Equal(expected, recovery.Level);
                Assert.Equal(expected, fault.GoalLevel);
                Assert.Equal(expected, fault.RequestedLevel);
            }
        }
    }
}
