using FsCheck;
using RingKit.Bitmaps.Summary;
using RingKit.Interleaving;
using RingKit.Memory;
using RingKit.Properties.Interleaving;
using static System.FormattableString;
using static RingKit.Properties.Bitmaps.BitmapOperation;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Bitmaps.Trackers;

/// <summary>The summary bitmap, with one level of summaries and with two.</summary>
internal sealed class ExploredSummaryBitmap : ExploredStructure
{
    // In two leaves of one word of the first level, and in another one's.
    private const int OneLevel = 128;
    private const int TwoLevels = 4096 + 64;

    public override string Name => "summary bitmap";

    public override IReadOnlyList<ModelProgram> MutantPrograms { get; } =
    [
        Of(OneLevel, false, [TryMark(0)], [Masks]),
        Of(OneLevel, false, [Mark(0)], [Look(0)]),
        Of(OneLevel, false, [Mark(0), Mark(0)], [Masks]),
        Of(OneLevel, false, [Mark(0), Mark(0)], [Indices(1)]),
        Of(OneLevel, false, [Mark(0), Mark(1)], [Indices(1), Indices(1)]),
        Of(OneLevel, false, [Mark(0), new(BitmapAction.LookForReturn)], [new(BitmapAction.HarvestRefused)]),
        Of(TwoLevels, true, [Mark(0)], [Mark(1)], [Masks]),
        Of(TwoLevels, true, [Mark(0), Mark(0)], [Masks, Masks]),
    ];

    public override Gen<ModelProgram> Programs => TrackerPrograms.Of(
        (announces, threads) => Of(threads.Any(t => t.Any(o => o.Page > OneLevel)) ? TwoLevels : OneLevel, announces, threads),
        [0, 1, 63, 64, 4096],
        isCheap: true);

    public static ModelProgram Of(int pages, bool announces, params BitmapOperation[][] threads)
    {
        ulong[] wordsOf = SummaryLevels.WordsOf((ulong)pages, mostTopWords: 1);
        var leaves = new NativeBlock<ulong>((nuint)wordsOf[0]);
        var summaries = new NativeBlock<ulong>((nuint)SummaryLevels.WordsAbove(wordsOf));
        var bitmap = new SummaryBitmapCore<O>(leaves.View, summaries.View, (ulong)pages, mostTopWords: 1);
        return TrackerProgram.Of(
            () =>
            {
                leaves.View.AsSpan().Clear();
                summaries.View.AsSpan().Clear();
                for (int level = 0; level < wordsOf.Length; level++)
                {
                    for (nuint word = 0; word < wordsOf[level]; word++)
                        Explorer.Name(ref bitmap.WordAt(level, word), Invariant($"level {level}[{word}]"));
                }

                return bitmap;
            },
            announces,
            threads);
    }
}
