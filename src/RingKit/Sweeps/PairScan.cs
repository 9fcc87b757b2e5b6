using RingKit.Sweeps.Matching;

namespace RingKit.Sweeps;

/// <summary>Takes the loop that is compiled for the classes of a filter.</summary>
internal static class PairScan<TMatcher>
    where TMatcher : struct, IPairMatcher<TMatcher>
{
    public static PairCounts Count(ref readonly WordPair pairs, nuint length, PairFilter filter, bool prefetch) =>
        filter.LooksAgain
            ? PairLoop<TMatcher, BothClasses>.Count(in pairs, length, filter, prefetch)
            : PairLoop<TMatcher, CandidatesOnly>.Count(in pairs, length, filter, prefetch);

    /// <summary>The pairs are numbered from <paramref name="start"/> on, a multiple of 64.</summary>
    public static void Sweep<TSink>(
        ref readonly WordPair pairs, nuint length, ulong start, PairFilter filter, bool prefetch, ref TSink sink)
        where TSink : struct, IPairSink, allows ref struct
    {
        if (filter.LooksAgain)
            PairLoop<TMatcher, BothClasses>.Sweep(in pairs, length, start, filter, prefetch, ref sink);
        else
            PairLoop<TMatcher, CandidatesOnly>.Sweep(in pairs, length, start, filter, prefetch, ref sink);
    }

    public static int Find(
        ref readonly WordPair pairs, nuint length, PairFilter filter, bool prefetch, Span<ulong> destination, ref ulong cursor) =>
        filter.LooksAgain
            ? PairLoop<TMatcher, BothClasses>.Find(in pairs, length, filter, prefetch, destination, ref cursor)
            : PairLoop<TMatcher, CandidatesOnly>.Find(in pairs, length, filter, prefetch, destination, ref cursor);
}
