using FsCheck;
using FsCheck.Fluent;
using RingKit.Interleaving;
using static RingKit.Properties.Bitmaps.BitmapOperation;

namespace RingKit.Properties.Bitmaps.Trackers;

/// <summary>Small programs by chance: one or two writers, one thread that harvests and perhaps one that looks.</summary>
internal static class TrackerPrograms
{
    /// <param name="of">Makes a program of what its threads do.</param>
    /// <param name="pages">Few, so that threads meet; each one's neighbour is used as well.</param>
    /// <param name="isCheap">Whether a mark and a harvest are a few steps: then the programs are longer.</param>
    public static Gen<ModelProgram> Of(Func<bool, BitmapOperation[][], ModelProgram> of, int[] pages, bool isCheap) =>
        from writers in Gen.Choose(1, 2)
        from marks in Many(writers == 1 && isCheap ? 4 : 2, MarkOf(pages)).ArrayOf(writers)
        from harvests in Many(writers == 1 && isCheap ? 4 : 2, Harvest1)
        from looks in Many(2, Gen.Elements(pages).Select(Look))
        from isWatched in Gen.Elements(false, false, true)
        from announces in Gen.Elements(false, true)
        select of(announces, isWatched ? [.. marks, harvests, looks] : [.. marks, harvests]);

    private static Gen<BitmapOperation> MarkOf(int[] pages) =>
        from page in Gen.Elements(pages)
        from count in Gen.Choose(1, 2)
        from kind in Gen.Elements(BitmapAction.Mark, BitmapAction.TryMark, BitmapAction.TryMark, BitmapAction.MarkRange)
        select new BitmapOperation(kind, page, kind == BitmapAction.MarkRange ? count : 1);

    private static Gen<BitmapOperation> Harvest1 =>
        Gen.Elements(Masks, Runs, Indices(1), Indices(2), Indices(4), new(BitmapAction.HarvestRefused));

    private static Gen<BitmapOperation[]> Many(int most, Gen<BitmapOperation> one) =>
        from count in Gen.Choose(1, most)
        from operations in one.ArrayOf(count)
        select operations;
}
