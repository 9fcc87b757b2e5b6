using RingKit.Sweeps;

namespace RingKit.Properties.Sweeps;

/// <summary>What a sweep means, said pair by pair; and tables to sweep.</summary>
internal static class PairModel
{
    public static bool IsCandidate(PairFilter filter, WordPair pair) =>
        (pair.First & filter.First) == filter.First && (pair.Second & filter.Second) == filter.Second;

    public static bool IsToLookAtAgain(PairFilter filter, WordPair pair) =>
        (filter.AgainFirst != 0 || filter.AgainSecond != 0)
        && !IsCandidate(filter, pair)
        && HasAgain(filter, pair);

    public static bool HasAgain(PairFilter filter, WordPair pair) =>
        (pair.First & filter.AgainFirst) == filter.AgainFirst && (pair.Second & filter.AgainSecond) == filter.AgainSecond;

    public static ulong[] Candidates(PairFilter filter, ReadOnlySpan<WordPair> pairs) => Indices(filter, pairs, IsCandidate);

    public static ulong[] ToLookAtAgain(PairFilter filter, ReadOnlySpan<WordPair> pairs) => Indices(filter, pairs, IsToLookAtAgain);

    /// <summary>
    /// Random words, of which a part gets all the bits that are wanted, a part those that say "look again", and a part misses one bit of either.
    /// </summary>
    public static WordPair[] Table(Random random, int length, PairFilter filter, double density)
    {
        var pairs = new WordPair[length];
        foreach (ref WordPair pair in pairs.AsSpan())
        {
            pair = new WordPair((ulong)random.NextInt64() << 1 ^ (ulong)random.Next(2), (ulong)random.NextInt64() << 1 ^ (ulong)random.Next(2));
            if (random.NextDouble() < density)
            {
                pair.First |= filter.First;
                pair.Second |= filter.Second;
            }
            else
            {
                ClearOneOf(random, filter.First, filter.Second, ref pair);
            }

            if (random.NextDouble() < density)
            {
                pair.First |= filter.AgainFirst;
                pair.Second |= filter.AgainSecond;
            }
            else
            {
                ClearOneOf(random, filter.AgainFirst, filter.AgainSecond, ref pair);
            }
        }

        return pairs;
    }

    /// <summary>Masks of none, one or some of the given bits.</summary>
    public static PairFilter Filter(Random random, ulong bits = ulong.MaxValue)
    {
        return new PairFilter(Mask(), Mask(), Mask(), Mask());

        ulong Mask() => bits & random.Next(4) switch
        {
            0 => 0,
            1 => 1UL << random.Next(64),
            2 => 1UL << random.Next(64) | 1UL << random.Next(64),
            _ => (ulong)random.NextInt64() & (ulong)random.NextInt64() & (ulong)random.NextInt64(),
        };
    }

    private static void ClearOneOf(Random random, ulong first, ulong second, ref WordPair pair)
    {
        int bits = (int)(ulong.PopCount(first) + ulong.PopCount(second));
        if (bits == 0)
            return;
        int chosen = random.Next(bits);
        int ofFirst = (int)ulong.PopCount(first);
        if (chosen < ofFirst)
            pair.First &= ~BitOf(first, chosen);
        else
            pair.Second &= ~BitOf(second, chosen - ofFirst);
    }

    private static ulong BitOf(ulong mask, int number)
    {
        for (; number > 0; number--)
            mask &= mask - 1;
        return mask & (0 - mask);
    }

    private static ulong[] Indices(PairFilter filter, ReadOnlySpan<WordPair> pairs, Func<PairFilter, WordPair, bool> isMember)
    {
        List<ulong> indices = [];
        for (int i = 0; i < pairs.Length; i++)
        {
            if (isMember(filter, pairs[i]))
                indices.Add((ulong)i);
        }

        return [.. indices];
    }
}
