namespace RingKit.Bitmaps.Summary;

/// <summary>How many words each level of a summary bitmap has: the leaves, and above them one bit for each word below.</summary>
internal static class SummaryLevels
{
    /// <summary>
    /// There is a further level while the highest has more words than this. Scanning 8 KiB costs about as much as one miss of all caches; another
    /// level would cost each mark one more load.
    /// </summary>
    public const ulong MostTopWords = 1024;

    // Each level on cache lines of its own.
    private const ulong Alignment = Memory.CacheLine.Separation / sizeof(ulong);

    /// <summary>Words of each level, the leaves' first. There are two levels or more.</summary>
    public static ulong[] WordsOf(ulong pages, ulong mostTopWords)
    {
        List<ulong> words = [WordsFor(pages)];
        do
            words.Add(WordsFor(words[^1]));
        while (words[^1] > mostTopWords);
        return [.. words];
    }

    /// <summary>Where a summary level begins in the memory of all of them; 0 for the first one above the leaves.</summary>
    public static ulong StartOf(ReadOnlySpan<ulong> wordsOf, int level)
    {
        ulong start = 0;
        for (int below = 1; below < level; below++)
            start += (wordsOf[below] + Alignment - 1) / Alignment * Alignment;
        return start;
    }

    /// <summary>Words that all summary levels together need.</summary>
    public static ulong WordsAbove(ReadOnlySpan<ulong> wordsOf) => StartOf(wordsOf, wordsOf.Length);

    public static ulong WordsFor(ulong bits) => (bits + 63) / 64;
}
