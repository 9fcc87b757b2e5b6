using RingKit.Sweeps;

namespace RingKit.Bench.Rivals;

/// <summary>The sweep that comes to mind first: look at each pair in turn.</summary>
internal static class NaiveSweep
{
    /// <summary>Counts candidates and pairs to look at again.</summary>
    public static PairCounts Count(ReadOnlySpan<WordPair> pairs, PairFilter filter)
    {
        ulong candidates = 0;
        ulong lookAgain = 0;
        foreach (ref readonly WordPair pair in pairs)
        {
            ulong first = pair.First;
            ulong second = pair.Second;
            if ((first & filter.First) == filter.First && (second & filter.Second) == filter.Second)
                candidates++;
            else if (filter.LooksAgain && (first & filter.AgainFirst) == filter.AgainFirst && (second & filter.AgainSecond) == filter.AgainSecond)
                lookAgain++;
        }

        return new PairCounts(candidates, lookAgain);
    }

    /// <summary>Writes the indices of both classes into the buffer, from its start again whenever it is full.</summary>
    public static long Find(ReadOnlySpan<WordPair> pairs, PairFilter filter, Span<ulong> buffer)
    {
        long found = 0;
        int next = 0;
        for (int i = 0; i < pairs.Length; i++)
        {
            ulong first = pairs[i].First;
            ulong second = pairs[i].Second;
            if (((first & filter.First) != filter.First || (second & filter.Second) != filter.Second)
                && (!filter.LooksAgain || (first & filter.AgainFirst) != filter.AgainFirst || (second & filter.AgainSecond) != filter.AgainSecond))
            {
                continue;
            }

            if (next == buffer.Length)
                next = 0;
            buffer[next++] = (ulong)i;
            found++;
        }

        return found;
    }
}
