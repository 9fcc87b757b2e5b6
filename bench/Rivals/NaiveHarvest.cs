namespace RingKit.Bench.Rivals;

/// <summary>The harvest that comes to mind first: look at every bit. One thread only; not even its clearing is atomic.</summary>
internal static class NaiveHarvest
{
    /// <summary>Writes the dirty pages' numbers into the buffer, from its start again whenever it is full, and leaves them clean.</summary>
    public static long Indices(Span<ulong> words, Span<ulong> buffer)
    {
        long taken = 0;
        int next = 0;
        for (int page = 0; page < words.Length * 64; page++)
        {
            ref ulong word = ref words[page >> 6];
            ulong bit = 1UL << page;
            if ((word & bit) == 0)
                continue;

            word &= ~bit;
            if (next == buffer.Length)
                next = 0;
            buffer[next++] = (ulong)page;
            taken++;
        }

        return taken;
    }
}
