namespace RingKit.Bench.Inputs;

/// <summary>Memory that a measurement may read.</summary>
internal static class Written
{
    /// <summary>
    /// Writes zeros over memory that is zero: until a page is written, the kernel maps one page of zeros for all of them, and a reading loop
    /// would measure the cache.
    /// </summary>
    public static void Clear(Span<ulong> words)
    {
        words.Fill(1);
        words.Clear();
    }
}
