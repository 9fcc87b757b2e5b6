using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Harvesting;
using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Summary;

/// <summary>
/// A dirty bitmap with summaries above it, one bit for 64 words: a harvest costs what is dirty, not what exists.
/// </summary>
/// <remarks>
/// Thread role: as <see cref="IDirtyTracker"/> says. A mark that has returned is in the harvest that begins next, unless an
/// earlier one has taken it. The summaries cost a 63rd of the bitmap's memory, and each mark a load for each of them: one up to 4 million pages, two up to
/// 268 million, three up to 17 billion. They grow by themselves. <see cref="IDisposable.Dispose"/> when all threads have ended.
/// </remarks>
public sealed class SummaryBitmap : IDirtyTracker
{
    /// <summary>2^52 pages.</summary>
    public const ulong MaximumPages = DirtyBitmap.MaximumPages;

    private readonly SummaryBitmapCore<HardwareOrdering> _core;

    /// <summary>Makes a bitmap without dirty pages, in memory of its own.</summary>
    /// <param name="pages">How many pages, from 1 to <see cref="MaximumPages"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is none of these.</exception>
    public SummaryBitmap(ulong pages)
    {
        TrackedPages.CheckCount(pages, MaximumPages);
        using var block = new NativeBlock<ulong>((nuint)SummaryLevels.WordsFor(pages));
        _core = CoreOver(block.View, pages);
    }

    /// <summary>Lays a bitmap over memory that exists, whose bits stay as they are. The summaries are in memory of their own.</summary>
    /// <param name="words">
    /// One word for each 64 pages, or more. Bits beyond the last page never reach a sink. Once the bitmap is made, all marks go through it: a bit that another
    /// party sets is not found until its word is marked.
    /// </param>
    /// <param name="pages">How many pages, from 1 to what the words hold.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is none of these.</exception>
    public SummaryBitmap(NativeView<ulong> words, ulong pages)
    {
        TrackedPages.CheckCount(pages, Math.Min((ulong)words.Length, MaximumPages / 64) * 64);
        _core = CoreOver(words, pages);
        _core.Summarize();
    }

    /// <inheritdoc/>
    public ulong Pages => _core.Pages;

    /// <summary>How many levels of summaries there are.</summary>
    public int SummaryCount => _core.Top;

    /// <summary>False if no page is dirty, but for marks that are made meanwhile: a look at the highest level.</summary>
    internal bool MayHaveMarks => _core.MayHaveMarks;

    /// <summary>Words of the highest summary, which every harvest reads to its end.</summary>
    internal ulong TopWords => _core.TopWords;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mark(ulong page) => _core.Mark(page);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMark(ulong page) => _core.TryMark(page);

    /// <summary>Marks pages of one word of 64.</summary>
    /// <param name="word">The word's number.</param>
    /// <param name="mask">Bit i stands for page 64 * <paramref name="word"/> + i; bits beyond the last page are never reported.</param>
    internal void MarkMask(ulong word, ulong mask) => _core.MarkMask(word, mask);

    /// <inheritdoc/>
    public void MarkRange(ulong first, ulong count) => _core.MarkRange(first, count);

    /// <inheritdoc/>
    public bool IsDirty(ulong page) => _core.IsDirty(page);

    /// <inheritdoc/>
    public ulong Count() => _core.Count();

    /// <inheritdoc/>
    public void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct => _core.HarvestMasks(ref sink);

    /// <inheritdoc/>
    public void HarvestRuns<TSink>(ref TSink sink)
        where TSink : struct, IDirtyRunSink, allows ref struct => _core.HarvestRuns(ref sink);

    /// <inheritdoc/>
    public int HarvestIndices(Span<ulong> destination, ref ulong cursor) => _core.HarvestIndices(destination, ref cursor);

    /// <inheritdoc/>
    public void Dispose() => _core.Dispose();

    private static SummaryBitmapCore<HardwareOrdering> CoreOver(NativeView<ulong> words, ulong pages)
    {
        ulong above = SummaryLevels.WordsAbove(SummaryLevels.WordsOf(pages, SummaryLevels.MostTopWords));
        using var summaries = new NativeBlock<ulong>((nuint)above);
        return new SummaryBitmapCore<HardwareOrdering>(words, summaries.View, pages, SummaryLevels.MostTopWords);
    }
}
