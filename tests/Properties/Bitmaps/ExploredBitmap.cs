using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Interleaving;
using RingKit.Properties.Interleaving;
using static RingKit.Properties.Bitmaps.BitmapOperation;

namespace RingKit.Properties.Bitmaps;

/// <summary>The dirty bitmap: one or two writers, one thread that harvests and perhaps one that looks.</summary>
internal sealed class ExploredBitmap : ExploredStructure
{
    // Few, so that threads meet, and on both sides of a word's edge.
    private static readonly int[] PagesInUse = [0, 1, 63, 64];

    public override string Name => "dirty bitmap";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        BitmapProgram.Of([TryMark(0)], [Masks]),
        BitmapProgram.Of([Mark(0)], [Indices(1)]),
        BitmapProgram.Of([MarkRange(63, 2)], [Masks]),
        BitmapProgram.Of([Mark(0)], [Look(0)]),
        BitmapProgram.Of([Mark(0)], [Snapshot]),
        BitmapProgram.Of([TryMarkRange(63, 2)], [Masks]),

        // The second mark may be skipped: its store is in this harvest's copy, or the mark is not skipped.
        BitmapProgram.Of<TestBehindFence>([Mark(0), Mark(0)], [Masks]),
        BitmapProgram.Of<TestBeforeBarrier>([Mark(0), Mark(0)], [Masks]),
        BitmapProgram.Of<TestBeforeBarrier>([Mark(0), Mark(0)], [Indices(1)]),

        // A writer's store would come through here even if the bit were set again in no order, since the read-modify-writes of the word
        // prolong the writer's release. What the sink did comes only by the harvester's own.
        BitmapProgram.Of([Mark(0), new(BitmapAction.LookForReturn)], [new(BitmapAction.HarvestRefused)]),
    ];

    public override Gen<ModelProgram> Programs =>
        from writers in Gen.Choose(1, 2)
        from marks in Threads(writers, Mark1)
        from harvests in Many(writers == 1 ? 4 : 3, Harvest1)
        from looks in Many(2, Gen.Frequency((3, Gen.Elements(PagesInUse).Select(Look)), (1, Gen.Constant(Snapshot))))
        from isWatched in Gen.Elements(false, false, true)
        from discipline in Gen.Choose(0, 2)
        select (ModelProgram)Of(discipline, isWatched ? [.. marks, harvests, looks] : [.. marks, harvests]);

    private static ModelProgram<BitmapProgram> Of(int discipline, BitmapOperation[][] threads) => discipline switch
    {
        0 => BitmapProgram.Of<AlwaysOr>(threads),
        1 => BitmapProgram.Of<TestBehindFence>(threads),
        _ => BitmapProgram.Of<TestBeforeBarrier>(threads),
    };

    private static Gen<BitmapOperation> Mark1 =>
        from page in Gen.Elements(PagesInUse)
        from count in Gen.Choose(1, 2)
        from kind in Gen.Elements(
            BitmapAction.Mark, BitmapAction.TryMark, BitmapAction.TryMark, BitmapAction.MarkRange, BitmapAction.TryMarkRange, BitmapAction.MarkRectangle)
        select kind switch
        {
            BitmapAction.MarkRange or BitmapAction.TryMarkRange => new BitmapOperation(kind, page, count),
            BitmapAction.MarkRectangle => MarkRectangle(page % 64 % 63),
            _ => new BitmapOperation(kind, page),
        };

    private static Gen<BitmapOperation> Harvest1 =>
        Gen.Elements(Masks, Runs, Indices(1), Indices(2), Indices(4), new(BitmapAction.HarvestRefused));

    private static Gen<BitmapOperation[]> Many(int most, Gen<BitmapOperation> one) =>
        from count in Gen.Choose(2, Math.Max(2, most))
        from operations in one.ArrayOf(count)
        select operations;

    private static Gen<BitmapOperation[][]> Threads(int count, Gen<BitmapOperation> one) =>
        Many(count == 1 ? 5 : 3, one).ArrayOf(count);
}
