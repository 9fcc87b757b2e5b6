namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>The rule by which an adaptive log chooses, unless it is given another one.</summary>
/// <remarks>
/// It goes by the larger of the last two rounds, so that it follows a busy round at once and a quiet one when a second has come.
/// <list type="number">
/// <item>Rings, while none overflows: no record is cheaper. Back to them when the pages fit half of one ring, as bitmaps do not say who wrote a page.</item>
/// <item>Else the bitmap alone, if a 64th of its words or more are dirty, or there is a dirty page for each eighth word; and down to half of that once it is chosen: then to
/// read all of it costs less than to look at the summaries with each record, and to follow their bits.</item>
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

    /// <summary>
    /// And where there is a dirty page, or more, for so many words, however few of them are dirty: a record that looks at the summaries costs 4 ns more, a word that is read
    /// for nothing 0.3. Measured by <c>ringkit harvest</c>, 64 GiB, 167,772 clustered pages: 57 ns with summaries, 48 without.
    /// </summary>
    public const ulong WordsPerDirtyPage = 8;

    private const ulong PagesPerWord = 64;

    /// <inheritdoc/>
    public DirtyLogForm Choose(DirtyLogForm form, in AdaptiveHistory history)
    {
        AdaptiveRound last = history.Last, before = history.Before;
        if (form == DirtyLogForm.Ring && !last.Overflowed)
            return DirtyLogForm.Ring;
        if (form != DirtyLogForm.Ring && Math.Max(last.Pages, before.Pages) <= (uint)history.RingEntries / 2)
            return DirtyLogForm.Ring;

        ulong words = history.Pages / PagesPerWord;
        if (form == DirtyLogForm.Bitmap)
            words /= 2;
        bool isDense = Math.Max(last.Words, before.Words) >= words / WordsPerDirtyWord || Math.Max(last.Pages, before.Pages) >= words / WordsPerDirtyPage;
        return isDense ? DirtyLogForm.Bitmap : DirtyLogForm.Summary;
    }
}
