namespace RingKit.Cli.Harvest.Patterns;

/// <summary>Chooses which pages a guest stores to, and in which order: stretches in random order, each of them upwards. The same in every run.</summary>
internal static class DirtyPages
{
    private const int Seed = 20191211;
    private const double ClusterShare = 0.75;

    /// <summary>Distinct pages in the order of their stores.</summary>
    /// <param name="pattern">How they lie.</param>
    /// <param name="total">The guest's pages, at most 2^32.</param>
    /// <param name="count">How many, at most the total.</param>
    public static uint[] Choose(PagePattern pattern, ulong total, int count)
    {
        var random = new Random(Seed);
        if (pattern == PagePattern.Random)
        {
            uint[] singles = Spread(random, count, total - (ulong)count);
            for (int i = 0; i < singles.Length; i++)
                singles[i] += (uint)i;
            random.Shuffle(singles);
            return singles;
        }

        double share = pattern == PagePattern.Clustered ? Math.Max(ClusterShare, count / (double)total) : 1;
        List<(uint Length, uint Dirty)> stretches = Stretches(random, pattern == PagePattern.Clustered ? 2047 : 127, share, count, out ulong covered);
        uint[] starts = Spread(random, stretches.Count, total - covered);
        uint before = 0;
        for (int i = 0; i < starts.Length; i++)
        {
            starts[i] += before;
            before += stretches[i].Length;
        }

        int[] order = [.. Enumerable.Range(0, starts.Length)];
        random.Shuffle(order);
        uint[] pages = new uint[count];
        int next = 0;
        foreach (int stretch in order)
            next = Fill(random, pages, next, starts[stretch], stretches[stretch]);
        return pages;
    }

    // Their lengths never add up to more than the guest has: each has at least its share of dirty pages.
    private static List<(uint Length, uint Dirty)> Stretches(Random random, int longest, double share, int count, out ulong covered)
    {
        List<(uint, uint)> stretches = [];
        covered = 0;
        for (uint left = (uint)count; left > 0;)
        {
            uint length = (uint)random.Next(1, longest + 1);
            uint dirty = (uint)Math.Ceiling(length * share);
            if (dirty >= left)
            {
                dirty = left;
                length = Math.Max(dirty, (uint)(dirty / share));
            }

            stretches.Add((length, dirty));
            covered += length;
            left -= dirty;
        }

        return stretches;
    }

    // So many places, ascending, between which and before and behind which the pages that are in no stretch lie.
    private static uint[] Spread(Random random, int count, ulong free)
    {
        uint[] places = new uint[count];
        for (int i = 0; i < places.Length; i++)
            places[i] = (uint)random.NextInt64((long)free + 1);
        Array.Sort(places);
        return places;
    }

    private static int Fill(Random random, uint[] pages, int next, uint start, (uint Length, uint Dirty) stretch)
    {
        uint wanted = stretch.Dirty;
        for (uint i = 0; wanted > 0; i++)
        {
            if (random.NextInt64(stretch.Length - i) >= wanted)
                continue;
            pages[next++] = start + i;
            wanted--;
        }

        return next;
    }
}
