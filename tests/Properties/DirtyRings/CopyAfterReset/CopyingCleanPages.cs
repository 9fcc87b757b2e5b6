using System.Reflection;
using RingKit.DirtyRings;
using RingKit.DirtyRings.CopyAfterReset;
using RingKit.DirtyRings.IndexPublished;
using RingKit.DirtyRings.Resetting;
using RingKit.Memory;
using Xunit;

namespace RingKit.Properties.DirtyRings.CopyAfterReset;

/// <summary>Pages can be read after their reset and in no other way, whatever the ring.</summary>
public sealed class CopyingCleanPages
{
    private const int PageSize = 16;

    [Fact]
    public void Pages_of_a_reset_are_copied_and_others_are_not()
    {
        using var slot = new DirtyRing(64, reservedEntries: 0);
        using var index = new IndexPublishedDirtyRing(64, reservedEntries: 0);
        foreach (ulong page in new ulong[] { 3, 4, 9, 100, 3 })
        {
            slot.Producer.TryPush(1, page);
            index.Producer.TryPush(1, page);
        }

        slot.Harvester.Harvest(new DirtyGfn[64]);
        index.Harvester.Harvest(new DirtyGfn[64]);
        Assert.Equal([3, 4, 9], Copy(slot.Resetter));
        Assert.Equal([3, 4, 9], Copy(index.Resetter));
        Assert.Empty(Copy(index.Resetter));
    }

    [Fact]
    public void What_is_not_harvested_cannot_be_copied()
    {
        using var ring = new DirtyRing(8, reservedEntries: 0);
        ring.Producer.TryPush(1, 3);
        Assert.Empty(Copy(ring.Resetter));
        Assert.Equal(1, ring.Used);
    }

    [Fact]
    public void The_room_is_the_most_that_is_reset_and_the_vcpus_are_told_before_the_copy()
    {
        using TrackedMemory memory = Memory();
        using var ring = new DirtyRing(8, reservedEntries: 0);
        foreach (ulong page in new ulong[] { 0, 5, 1, 8 })
            ring.Producer.TryPush(1, page);
        ring.Harvester.Harvest(new DirtyGfn[8]);
        var target = new Protection([]);
        var room = new ResetBatch[3];
        CleanPages pages = memory.Reset(ring.Resetter, ref target, room);
        Assert.Equal((1, false, 1), (pages.Batches.Length, pages.IsInterrupted, ring.Used));
        Assert.Equal(["protect 0", "invalidate"], target.Log);

        target = new Protection([]);
        pages = memory.Reset(ring.Resetter, ref target, room);
        Assert.Equal((1, 0), (pages.Batches.Length, ring.Used));
        Assert.Equal(["protect 8", "invalidate"], target.Log);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_target_that_throws_loses_no_page(int at)
    {
        using TrackedMemory memory = Memory();
        using var ring = new DirtyRing(8, reservedEntries: 0);
        foreach (ulong page in new ulong[] { 0, 99, 5 })
            ring.Producer.TryPush(1, page);
        ring.Harvester.Harvest(new DirtyGfn[8]);
        var target = new Protection([], at);
        var sink = new Copies([]);
        var room = new ResetBatch[8];
        if (at == 0)
        {
            Assert.Throws<InvalidTimeZoneException>(() =>
            {
                var failing = new Protection([], 0);
                memory.Reset(ring.Resetter, ref failing, room);
            });
        }
        else
        {
            CleanPages some = memory.Reset(ring.Resetter, ref target, room);
            Assert.Equal((at, true), (some.Batches.Length, some.IsInterrupted));
            some.CopyTo(ref sink);
        }

        target = new Protection([]);
        CleanPages rest = memory.Reset(ring.Resetter, ref target, room);
        Assert.False(rest.IsInterrupted);
        rest.CopyTo(ref sink);
        Assert.Equal([0, 5, 99], sink.Pages.Order());
    }

    [Fact]
    public void No_public_member_but_the_reset_leads_to_contents()
    {
        // The compile-time half of the contract: nothing of TrackedMemory reads, and nobody outside makes a CleanPages that holds pages.
        Assert.Equal(
            ["Dispose", "Reset", "get_PageSize"],
            typeof(TrackedMemory).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                .Select(method => method.Name).Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
        Assert.Empty(typeof(CleanPages).GetConstructors(BindingFlags.Public | BindingFlags.Instance));
        Assert.Empty(typeof(CleanPages).GetFields(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static));
        Assert.True(typeof(CleanPages).IsByRefLike);
        var sink = new Copies([]);
        Assert.Equal(0UL, default(CleanPages).CopyTo(ref sink));
    }

    [Fact]
    public void Bad_arguments_and_disposal()
    {
        using var block = new NativeBlock<byte>(100);
        Assert.Throws<ArgumentOutOfRangeException>("pageSize", () => new TrackedMemory(0, [(1, block.View)]));
        Assert.Throws<ArgumentException>("slots", () => new TrackedMemory(16, [(1, block.View)]));
        Assert.Throws<ArgumentException>("slots", () => new TrackedMemory(10, [(1, block.View), (1, block.View)]));
        Assert.Throws<ArgumentNullException>("slots", () => new TrackedMemory(10, null!));
        using var ring = new DirtyRing(8, reservedEntries: 0);
        TrackedMemory memory = Memory();
        memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() =>
        {
            var target = new Protection([]);
            memory.Reset(ring.Resetter, ref target, new ResetBatch[1]);
        });
    }

    // 100 pages, of which each holds its own number.
    private static TrackedMemory Memory()
    {
        using var block = new NativeBlock<byte>(100 * PageSize);
        for (int page = 0; page < 100; page++)
            block.View.AsSpan().Slice(page * PageSize, PageSize).Fill((byte)page);
        return new TrackedMemory(PageSize, [(1, block.View)]);
    }

    private static List<int> Copy<TResetter>(TResetter resetter)
        where TResetter : struct, IDirtyRingResetter
    {
        using TrackedMemory memory = Memory();
        var target = new Protection([]);
        var sink = new Copies([]);
        CleanPages pages = memory.Reset(resetter, ref target, new ResetBatch[64]);
        pages.CopyTo(ref sink);
        return [.. sink.Pages.Distinct().Order()];
    }

    private readonly struct Protection(List<string> log, int throwAt = int.MaxValue) : IPageProtection
    {
        public List<string> Log => log;

        public ulong PagesIn(uint slot) => slot == 1 ? 100u : 0;

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            if (log.Count == throwAt)
                throw new InvalidTimeZoneException();
            log.Add($"protect {baseOffset}");
        }

        public void Invalidate() => log.Add("invalidate");
    }

    private readonly struct Copies(List<int> pages) : ICleanPageSink
    {
        public List<int> Pages => pages;

        public void Accept(uint slot, ulong offset, ReadOnlySpan<byte> contents)
        {
            Assert.Equal(PageSize, contents.Length);
            Assert.Equal(-1, contents.IndexOfAnyExcept((byte)offset));
            pages.Add((int)offset);
        }
    }
}
