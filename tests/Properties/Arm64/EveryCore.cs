using RingKit.Bitmaps;
using RingKit.Bitmaps.Cores;
using RingKit.DirtyRings;
using RingKit.DirtyRings.IndexPublished;
using RingKit.DirtyRings.Resetting;
using RingKit.Memory;
using RingKit.Ordering;
using RingKit.Properties.Bitmaps;
using RingKit.Properties.DirtyRings;
using RingKit.Properties.DirtyRings.Conformance;
using RingKit.Properties.Rings;
using RingKit.Rings;
using RingKit.Rings.Cores;

namespace RingKit.Properties.Arm64;

/// <summary>Each core over an ordering, used on one thread: so the compiler makes all its code for that ordering.</summary>
internal static class EveryCore
{
    /// <summary>Hands some items through each of them.</summary>
    /// <returns>How many came out: 2 from each ring of items, 1 from each dirty ring, 1 from the bitmap.</returns>
    public static int Use<TOrdering>()
        where TOrdering : struct, IOrdering =>
        Spsc<TOrdering>() + Mpsc<TOrdering>() + Broadcast<TOrdering>() + Slots<TOrdering>() + Indices<TOrdering>() + Bitmap<TOrdering>();

    private static int Spsc<TOrdering>()
        where TOrdering : struct, IOrdering
    {
        using var memory = new RingMemory(SharedRingLayout.KindSpsc, 4);
        using var core = new SpscCore<Item, TOrdering>(memory.View, memory.Shape, canSleep: false, isShared: false);
        core.TryPush(new Item(0));
        core.TryPush([new Item(1)]);
        return core.TryPop(new Item[1]) + (core.TryPop(out _) ? 1 : 0);
    }

    private static int Mpsc<TOrdering>()
        where TOrdering : struct, IOrdering
    {
        using var memory = new RingMemory(SharedRingLayout.KindMpsc, 4);
        using var core = new MpscCore<Item, TOrdering>(memory.View, memory.Shape, canSleep: false, isShared: false);
        core.TryPush(0, new Item(0));
        core.TryPush(0, [new Item(1)]);
        return core.TryPop(new Item[1]) + (core.TryPop(out _) ? 1 : 0);
    }

    private static int Broadcast<TOrdering>()
        where TOrdering : struct, IOrdering
    {
        using var memory = new RingMemory(SharedRingLayout.KindBroadcast, 4, cursors: 1);
        using var core = new BroadcastCore<Item, TOrdering>(memory.View, memory.Shape, manyWriters: false, canSleep: false, isShared: false);
        int reader = core.Join();
        core.TryWrite(new Item(0));
        core.TryWrite([new Item(1)]);
        return core.Read(reader, new Item[1], out _) + (core.TryRead(reader, out _, out _) ? 1 : 0);
    }

    private static int Slots<TOrdering>()
        where TOrdering : struct, IOrdering
    {
        using var entries = new NativeBlock<DirtyGfn>(4);
        using var core = new DirtyRingCore<TOrdering>(entries.View, reservedEntries: 0);
        var sink = new EntryList([]);
        var target = new SlotsTarget(new Dictionary<uint, ulong> { [1] = 100 });
        core.TryPush(1, 7);
        core.Harvest(ref sink, 1);
        return core.Reset<SlotsTarget, RefusePages<SlotsTarget>>(ref target, 1, CancellationToken.None).Entries;
    }

    private static int Indices<TOrdering>()
        where TOrdering : struct, IOrdering
    {
        using var entries = new NativeBlock<DirtyGfn>(4);
        using var indices = new NativeBlock<uint>(64);
        using var core = new IndexPublishedCore<TOrdering, PowerOfTwoIndexing>(entries.View, indices.View, IndexLayout.Separate, 0);
        var sink = new EntryList([]);
        var target = new SlotsTarget(new Dictionary<uint, ulong> { [1] = 100 });
        core.TryPush(1, 7);
        core.Harvest(ref sink, 1);
        return core.Reset<SlotsTarget, RefusePages<SlotsTarget>>(ref target, 1).Entries;
    }

    private static int Bitmap<TOrdering>()
        where TOrdering : struct, IOrdering
    {
        using var words = new NativeBlock<ulong>(1);
        using var core = new DirtyBitmapCore<TOrdering>(words.View, pages: 64);
        core.Mark(5);
        core.TryMark(5);
        core.MarkRange(5, 1);
        List<(ulong FirstPage, ulong Mask)> masks = [];
        var sink = new MaskList(masks);
        core.HarvestMasks<AlwaysOr, MaskList>(ref sink);
        core.HarvestMasks<TestBehindFence, MaskList>(ref sink);
        return masks.Count;
    }
}
