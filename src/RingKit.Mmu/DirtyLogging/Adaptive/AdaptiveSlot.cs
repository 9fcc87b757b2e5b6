using RingKit.Bitmaps.Cores;
using RingKit.Bitmaps.Summary;
using RingKit.Memory;
using RingKit.Mmu.DirtyLogging.Sinks;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>A slot's bitmap, once as it is and once with summaries above it. Both are the same words.</summary>
internal sealed class AdaptiveSlot<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // Who marks without the summaries leaves bits that only a harvest without them finds. Who harvests without the summaries leaves summary bits for words that
    // are 0, as a harvest with them may as well: the next one follows them and finds nothing. Both harvests take words by exchanges, so the order in which the
    // summary bitmap's proof has them is one order.
    private readonly NativeBlock<ulong> _words;

    public AdaptiveSlot(int ordinal, ulong pages)
    {
        Ordinal = ordinal;
        ulong[] wordsOf = SummaryLevels.WordsOf(pages, SummaryLevels.MostTopWords);
        ulong above = SummaryLevels.WordsAbove(wordsOf);

        // The summaries on cache lines of their own, behind the bitmap.
        const ulong Line = CacheLine.Separation / sizeof(ulong);
        ulong start = (wordsOf[0] + Line - 1) / Line * Line;
        _words = new NativeBlock<ulong>((nuint)(start + above));
        NativeView<ulong> bits = _words.View.Slice(0, (nuint)wordsOf[0]);
        Bitmap = new DirtyBitmapCore<TOrdering>(bits, pages);
        Summary = new SummaryBitmapCore<TOrdering>(bits, _words.View.Slice((nuint)start, (nuint)above), pages, SummaryLevels.MostTopWords);
    }

    public int Ordinal { get; }

    public ulong Pages => Bitmap.Pages;

    /// <summary>Bytes of the bitmap without the summaries.</summary>
    public ulong BitmapBytes => DirtyBitmapCore<TOrdering>.WordsFor(Pages) * sizeof(ulong);

    /// <summary>Counts what a harvest by the summaries reads.</summary>
    public SummaryPath Path => new(Summary.Top, Summary.TopWords);

    /// <summary>Bytes of the bitmap and the summaries.</summary>
    public ulong Bytes => (ulong)_words.View.Length * sizeof(ulong);

    /// <summary>Marks and harvests that pass the summaries by.</summary>
    public DirtyBitmapCore<TOrdering> Bitmap { get; }

    public SummaryBitmapCore<TOrdering> Summary { get; }

    public void Dispose()
    {
        Bitmap.Dispose();
        Summary.Dispose();
        _words.Dispose();
    }
}
