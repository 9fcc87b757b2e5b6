namespace RingKit.Bench.Inputs;

/// <summary>The words of a bitmap of a given density, the same in every run, and the way to put them into a bitmap again and again.</summary>
internal sealed class DirtyPattern
{
    private const int Seed = 20110811;

    // Only words that are not 0, so that putting a sparse pattern back costs what is dirty and not what exists.
    private readonly int[] _indices;
    private readonly ulong[] _masks;

    public DirtyPattern(int wordCount, double density, DirtyShape shape)
    {
        // 2 MiB of pattern, which larger bitmaps repeat: the branches of a harvest cannot learn that much.
        ulong[] words = new ulong[Math.Min(wordCount, 1 << 18)];
        if (density >= 1)
            Array.Fill(words, ulong.MaxValue);
        else if (density > 0)
            Fill(words, density, shape, new Random(Seed));

        _indices = [.. Enumerable.Range(0, wordCount).Where(index => words[index % words.Length] != 0)];
        _masks = [.. _indices.Select(index => words[index % words.Length])];
        DirtyPages = _masks.Sum(mask => (long)ulong.PopCount(mask));
    }

    /// <summary>How many bits are set.</summary>
    public long DirtyPages { get; }

    /// <summary>Which words have any.</summary>
    public IReadOnlyList<int> DirtyWords => _indices;

    /// <summary>Puts the pattern into a bitmap that is clean.</summary>
    public void Restore(Span<ulong> words)
    {
        int[] indices = _indices;
        ulong[] masks = _masks;
        for (int i = 0; i < indices.Length && i < masks.Length; i++)
            words[indices[i]] = masks[i];
    }

    /// <summary>Takes the pattern out by atomic exchanges of its words, which it knows: what no harvest that loses nothing can be faster than.</summary>
    public long Exchange(Span<ulong> words)
    {
        long pages = 0;
        foreach (int index in _indices)
            pages += (long)ulong.PopCount(Interlocked.Exchange(ref words[index], 0));
        return pages;
    }

    // Runs and the gaps between them, in turn; of a neighbourhood, not all pages. The gaps' mean length makes the density; few pages still make one run.
    private static void Fill(ulong[] words, double density, DirtyShape shape, Random random)
    {
        long pages = words.Length * 64L;
        long left = Math.Max(1, (long)(density * pages));
        double share = shape == DirtyShape.Clustered ? 0.75 : 1;
        double covered = Math.Min(density / share, 1);
        double meanRun = shape switch { DirtyShape.Random => 1 / (1 - density), DirtyShape.Clustered => 1024, _ => 64 };
        double meanGap = meanRun * (1 - covered) / covered;
        for (long page = random.NextInt64((long)Math.Min(meanGap, pages / 2) + 1); page < pages && left > 0; page += Geometric(random, meanGap))
        {
            long run = shape == DirtyShape.Random ? Geometric(random, meanRun) : random.Next(1, (int)(2 * meanRun));
            for (long end = Math.Min(page + run, pages); page < end && left > 0; page++)
            {
                if (share < 1 && random.NextDouble() >= share)
                    continue;
                words[page >> 6] |= 1UL << (int)page;
                left--;
            }
        }
    }

    // Lengths from 1 on with the given mean, memoryless: what independent pages have.
    private static long Geometric(Random random, double mean) =>
        mean <= 1 ? 1 : 1 + (long)(Math.Log(1 - random.NextDouble()) / Math.Log(1 - (1 / mean)));
}
