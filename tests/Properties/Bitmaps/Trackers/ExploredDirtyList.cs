using FsCheck;
using RingKit.Bitmaps.Listing;
using RingKit.Interleaving;
using RingKit.Memory;
using RingKit.Properties.Interleaving;
using RingKit.Rings;
using RingKit.Rings.Cores;
using static RingKit.Properties.Bitmaps.BitmapOperation;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Bitmaps.Trackers;

/// <summary>The dirty list, with a log for each of its words and with one that is soon full.</summary>
internal sealed class ExploredDirtyList : ExploredStructure
{
    private const int Pages = 192;

    public override string Name => "dirty list";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        Of(4, true, [TryMark(0), TryMark(0)], [Masks]),
        Of(4, true, [TryMark(0), TryMark(0)], [Indices(1)]),
        Of(4, true, [Mark(0), Mark(64)], [Indices(1), Indices(2)]),
        Of(4, false, [Mark(0)], [Look(0)]),
        Of(4, false, [Mark(0)], [Mark(1)], [Masks]),
        Of(4, false, [Mark(0), new(BitmapAction.LookForReturn)], [new(BitmapAction.HarvestRefused)]),
        Of(1, true, [Mark(0), Mark(64)], [Masks]),
        Of(1, false, [Mark(0), Mark(64)], [Mark(128)], [Masks]),
    ];

    public override Gen<ModelProgram> Programs => TrackerPrograms.Of(
        (announces, threads) => Of(threads.Length % 2 == 0 ? 1 : 4, announces && threads.Count(t => t.Any(Logs)) == 1, threads),
        [0, 1, 63, 64],
        isCheap: false);

    // Marks, and a harvest that puts back what a failing sink did not take: an entry waits for one that another thread has begun before it.
    private static bool Logs(BitmapOperation operation) => operation.Marks || operation.Action == BitmapAction.HarvestRefused;

    public static ModelProgram Of(int capacity, bool announces, params BitmapOperation[][] threads)
    {
        var shape = new RingShape(SharedRingLayout.KindMpsc, sizeof(ulong), (ulong)capacity, (uint)FullPolicy.Reject, Cursors: 0);
        return TrackerProgram.Of(
            () =>
            {
                using var words = new NativeBlock<ulong>((Pages + 63) / 64);
                using var ring = new NativeBlock<byte>(shape.Length, SharedRingLayout.Alignment);
                shape.Format<O>(ring.View, startIndex: 0);
                for (nuint word = 0; word < words.Length; word++)
                    Explorer.Name(ref words[word], $"word {word}");
                return new DirtyListCore<O>(words.View, new MpscCore<ulong, O>(ring.View, shape, canSleep: false, isShared: false), Pages);
            },
            announces,
            threads);
    }
}
