namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>The rule by which an adaptive log chooses, unless it is given another one.</summary>
/// <remarks>
/// It goes by the larger of the last two rounds, so that it follows a busy round at once and a quiet one when a second has come.
/// <list type="number">
/// <item>Rings, while none overflows: no record is cheaper. Back to them when the pages fit half of one ring, as bitmaps do not say who wrote a page.</item>
/// <item>Else the bitmap alone, if a 64th of its words or more are dirty, and down to half of that once it is chosen: then to read all of it costs less than to set and follow
/// the bits of the summaries.</item>
/// <item>Else the bitmap with summaries.</item>
/// </list>
/// The figures behind the thresholds: <c>dotnet run -c Release --project bench -- harvest</c>, bench/README.md.
/// </remarks>
public sealed class AdaptiveRule : IAdaptiveRule
{
    /// <summary>
    /// The bitmap is read whole where one of so many words, or more, is dirty. Measured by <c>bench -- harvest</c>, random pages, ns of guest and harvest for each: 64 GiB, one word of
    /// 65 dirty, 92 with summaries and 80 without; of 262, at 1 TiB, 200 and 323; of 66, 444 and 407.
    /// </summary>
    public const ulong WordsPerDirtyWord = 64;

    private const ulong PagesPerWord = 64;

    /// <inheritdoc/>
    public DirtyLogForm Choose(DirtyLogForm form, in AdaptiveHistory history)
    {
        AdaptiveRound last = history.Last, before = history.Before;
        if (form == DirtyLogForm.Ring && !last.Overflowed)
            return DirtyLogForm.Ring;
        if (form != DirtyLogForm.Ring && Math.Max(last.Pages, before.Pages) <= (uint)history.RingEntries / 2)
            return DirtyLogForm.Ring;

        ulong dense = history.Pages / PagesPerWord / WordsPerDirtyWord;
        if (form == DirtyLogForm.Bitmap)
            dense /= 2;
        return Math.Max(last.Words, before.Words) >= dense ? DirtyLogForm.Bitmap : DirtyLogForm.Summary;
    }
}
