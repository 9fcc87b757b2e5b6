using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu;
using RingKit.Mmu.Mapping;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Mapping;

/// <summary>Attributes and mixed flags, against an array of one bool for each frame.</summary>
public sealed class MixedFlagTests
{
    private const int Frames = 3 << 18;

    [Fact]
    public void A_range_is_mixed_exactly_when_its_frames_differ()
    {
        Gen<(ulong First, ulong Count, bool IsPrivate)> changes =
            from first in LargePageInfoTests.Frames(0, Frames - 1)
            from size in Gen.Elements(1, 600, 1 << 11, 1 << 19)
            from count in LargePageInfoTests.Frames(1, size)
            from isPrivate in Gen.Elements(true, false)
            select (first, Math.Clamp(count, 1, Frames - first), isPrivate);
        Gen<(ulong Cut, ulong Gap, int CreateAt, (ulong First, ulong Count, bool IsPrivate)[] Changes)> cases =
            from cut in LargePageInfoTests.Frames(1, Frames - 2)
            from gap in Gen.Elements(0ul, 1ul, 512ul, 700ul)
            from createAt in Gen.Choose(0, 3)
            from some in Gen.ArrayOf(changes, 6)
            select (cut, gap, createAt, some);
        Props.Check(Prop.ForAll(Arb.From(cases), run => Follow(run.Cut, run.Gap, run.CreateAt, run.Changes)), nameof(A_range_is_mixed_exactly_when_its_frames_differ), maxTest: 80);
    }

    [Fact]
    public void Scenario_14_The_levels_of_one_slot_follow_its_attributes()
    {
        // 2 GiB in guest_memfd pages of 1G; private memory comes from there, shared memory from the host.
        var space = new MappingSpace();
        Assert.Equal(Errno.None, space.CreateGuestMemfd(2ul << 30, GuestMemfdTraits.None, out GuestMemfd? file));
        file!.SetOrder(0, 1 << 19, 18);
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(0, 0, 2ul << 30, 0x7F00_0000_0000, MappingSlotTraits.GuestMemfd, file)));
        space.Host.Map(0x7F00_0000_0000, 2ul << 30, MappingLevel.Size1G);
        LargePageInfo info = space.LargePagesAt(0);

        Set(0x200, 0x400, MemoryAttributes.Private);
        Assert.False(info.IsMixed(MappingLevel.Size2M, 0x250));
        Assert.True(info.IsMixed(MappingLevel.Size1G, 0x250));
        Assert.False(info.IsMixed(MappingLevel.Size1G, 0x40000));
        Assert.Equal(MappingLevel.Size2M, LevelAt(0x250));
        Assert.Equal(MappingLevel.Size2M, LevelAt(0));
        Assert.Equal(MappingLevel.Size1G, LevelAt(0x40000));

        Set(0x210, 0x220, 0);
        Assert.True(info.IsMixed(MappingLevel.Size2M, 0x250));
        Assert.Equal(MappingLevel.Size4K, LevelAt(0x250));

        Set(0x200, 0x400, 0);
        Assert.False(info.IsMixed(MappingLevel.Size2M, 0x250));
        Assert.False(info.IsMixed(MappingLevel.Size1G, 0x250));
        Assert.Equal(MappingLevel.Size1G, LevelAt(0x250));

        Assert.Equal(Errno.None, space.PrepareMemoryAttributes(0x200ul << 12, 0x200ul << 12, 0, 0, out AttributeChange again));
        Assert.False(again.IsNeeded);

        void Set(ulong first, ulong end, ulong attributes) => Assert.Equal(Errno.None, space.SetMemoryAttributes(first << 12, (end - first) << 12, attributes));
        MappingLevel LevelAt(ulong gfn)
        {
            MappingLevel level = MaxMappingLevel.ForRecovery(MappingForm.Posted, space, gfn).Level;
            Assert.Equal(level, MaxMappingLevel.ForRecovery(MappingForm.RingKit, space, gfn).Level);
            return level;
        }
    }

    [Fact]
    public void Faults_wait_in_the_large_pages_that_a_change_cuts()
    {
        var space = new MappingSpace();
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(0, 0, 4ul << 20, 0)));
        Assert.Equal(new AttributeChange(0x10, 0x210, IsPrivate: true, IsNeeded: true, 0, 0x400), Prepare(0x10, 0x210));
        Assert.Equal(new AttributeChange(0x200, 0x201, IsPrivate: true, IsNeeded: true, 0x200, 0x400), Prepare(0x200, 0x201));
        Assert.Equal(new AttributeChange(0x200, 0x400, IsPrivate: true, IsNeeded: true, 0x200, 0x400), Prepare(0x200, 0x400));

        // The second large page is mixed now: nothing can be mapped there that the change would cut. Behind the slot there is none.
        Assert.Equal(Errno.None, space.SetMemoryAttributes(0x201ul << 12, 4096, MemoryAttributes.Private));
        Assert.Equal(new AttributeChange(0x10, 0x210, IsPrivate: true, IsNeeded: true, 0, 0x210), Prepare(0x10, 0x210));
        Assert.Equal(new AttributeChange(0x10, 0x410, IsPrivate: true, IsNeeded: true, 0, 0x410), Prepare(0x10, 0x410));
        Assert.False(space.Attributes.IsPrivate(0x10));

        AttributeChange Prepare(ulong first, ulong end)
        {
            Assert.Equal(Errno.None, space.PrepareMemoryAttributes(first << 12, (end - first) << 12, MemoryAttributes.Private, 0, out AttributeChange change));
            return change;
        }
    }

    [Fact]
    public void Bad_changes_are_invalid_and_change_nothing()
    {
        var space = new MappingSpace();
        Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(0, 0, 4ul << 20, 0)));
        const ulong Private = MemoryAttributes.Private;
        (ulong Address, ulong Size, ulong Attributes, ulong Flags)[] bad =
        [
            (0, 0, Private, 0), (1, 4096, Private, 0), (0, 4095, Private, 0), (0, 4096, 1, 0), (0, 4096, Private | 1, 0), (0, 4096, Private, 1),
            (ulong.MaxValue - 4095, 4096, Private, 0), (4096, ulong.MaxValue - 4095, Private, 0), (1UL << 63, 1UL << 63, Private, 0),
        ];
        Assert.All(bad, call => Assert.Equal(Errno.Invalid, space.SetMemoryAttributes(call.Address, call.Size, call.Attributes, call.Flags)));
        Assert.True(space.Attributes.AreAllShared);
        Assert.Equal(Errno.None, space.SetMemoryAttributes(0, ulong.MaxValue - 4095, Private));
        Assert.True(space.Attributes.IsPrivate((1UL << 52) - 2));
        Assert.False(space.LargePagesAt(0).IsMixed(MappingLevel.Size2M, 0));

        var plain = new MappingSpace(new MappingOptions { HasPrivateMemory = false });
        Assert.Equal(Errno.Invalid, plain.SetMemoryAttributes(0, 4096, Private));
        Assert.Equal(Errno.None, plain.SetMemoryAttributes(0, 4096, 0));
    }

    private static void Follow(ulong cut, ulong gap, int createAt, (ulong First, ulong Count, bool IsPrivate)[] changes)
    {
        // Two slots, with a gap between or none, made before, between or after the changes.
        cut = Math.Max(cut, 1);
        ulong second = Math.Min(cut + gap, Frames - 1);
        var space = new MappingSpace();
        bool[] model = new bool[Frames];
        for (int step = 0; step <= changes.Length; step++)
        {
            if (step == createAt)
            {
                Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(0, 0, cut << 12, 0)));
                Assert.Equal(Errno.None, space.SetUserMemoryRegion(new UserMemoryRegion(1, second << 12, (Frames - second) << 12, 0)));
            }

            Check(space, model);
            if (step == changes.Length)
                break;
            (ulong first, ulong count, bool isPrivate) = changes[step];
            Span<bool> range = model.AsSpan((int)first, (int)count);
            bool isNeeded = range.Contains(!isPrivate);
            range.Fill(isPrivate);
            Assert.Equal(Errno.None, space.PrepareMemoryAttributes(first << 12, count << 12, isPrivate ? MemoryAttributes.Private : 0, 0, out AttributeChange change));
            Assert.Equal(isNeeded, change.IsNeeded);
            Assert.True(change.InvalidatedFirst <= first && change.InvalidatedEnd >= first + count);
            space.CommitMemoryAttributes(change);
        }
    }

    private static void Check(MappingSpace space, bool[] model)
    {
        foreach (MappingSlot slot in space.Slots)
        {
            LargePageInfo info = space.LargePagesAt(slot.BaseGfn);
            foreach (MappingLevel level in (MappingLevel[])[MappingLevel.Size2M, MappingLevel.Size1G])
            {
                ulong pages = MappingLevels.Pages(level);
                for (ulong start = slot.BaseGfn / pages * pages; start < slot.EndGfn; start += pages)
                {
                    bool isInside = start >= slot.BaseGfn && start + pages <= slot.EndGfn;
                    bool isMixed = isInside && model.AsSpan((int)start, (int)pages).Contains(!model[start]);
                    Assert.Equal(isMixed, info.IsMixed(level, Math.Max(start, slot.BaseGfn)));
                    Assert.Equal(model[start], space.Attributes.IsPrivate(start));
                }
            }
        }
    }
}
