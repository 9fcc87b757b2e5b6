using System.Runtime.Intrinsics;
using RingKit.Sweeps.Matching;

namespace RingKit.Sweeps;

/// <summary>
/// Takes the matcher for the processor's widest vectors, of which the JIT keeps one width; and of that the one for half words where the filter allows it.
/// </summary>
internal static class WidestScan
{
    public static PairCounts Count(ref readonly WordPair pairs, nuint length, PairFilter filter, bool prefetch)
    {
        if (Vector512.IsHardwareAccelerated && IWordHalf.Has<HighHalf>(filter))
            return PairScan<Vector512HalfMatcher<HighHalf>>.Count(in pairs, length, filter, prefetch);
        if (Vector512.IsHardwareAccelerated && IWordHalf.Has<LowHalf>(filter))
            return PairScan<Vector512HalfMatcher<LowHalf>>.Count(in pairs, length, filter, prefetch);
        if (Vector512.IsHardwareAccelerated)
            return PairScan<Vector512Matcher>.Count(in pairs, length, filter, prefetch);
        if (Vector256.IsHardwareAccelerated && IWordHalf.Has<HighHalf>(filter))
            return PairScan<Vector256HalfMatcher<HighHalf>>.Count(in pairs, length, filter, prefetch);
        if (Vector256.IsHardwareAccelerated && IWordHalf.Has<LowHalf>(filter))
            return PairScan<Vector256HalfMatcher<LowHalf>>.Count(in pairs, length, filter, prefetch);
        if (Vector256.IsHardwareAccelerated)
            return PairScan<Vector256Matcher>.Count(in pairs, length, filter, prefetch);
        if (Vector128.IsHardwareAccelerated)
            return PairScan<Vector128Matcher>.Count(in pairs, length, filter, prefetch);
        return PairScan<ScalarMatcher>.Count(in pairs, length, filter, prefetch);
    }

    /// <summary>The pairs are numbered from <paramref name="start"/> on, a multiple of 64.</summary>
    public static void Sweep<TSink>(
        ref readonly WordPair pairs, nuint length, ulong start, PairFilter filter, bool prefetch, ref TSink sink)
        where TSink : struct, IPairSink, allows ref struct
    {
        if (Vector512.IsHardwareAccelerated && IWordHalf.Has<HighHalf>(filter))
            PairScan<Vector512HalfMatcher<HighHalf>>.Sweep(in pairs, length, start, filter, prefetch, ref sink);
        else if (Vector512.IsHardwareAccelerated && IWordHalf.Has<LowHalf>(filter))
            PairScan<Vector512HalfMatcher<LowHalf>>.Sweep(in pairs, length, start, filter, prefetch, ref sink);
        else if (Vector512.IsHardwareAccelerated)
            PairScan<Vector512Matcher>.Sweep(in pairs, length, start, filter, prefetch, ref sink);
        else if (Vector256.IsHardwareAccelerated && IWordHalf.Has<HighHalf>(filter))
            PairScan<Vector256HalfMatcher<HighHalf>>.Sweep(in pairs, length, start, filter, prefetch, ref sink);
        else if (Vector256.IsHardwareAccelerated && IWordHalf.Has<LowHalf>(filter))
            PairScan<Vector256HalfMatcher<LowHalf>>.Sweep(in pairs, length, start, filter, prefetch, ref sink);
        else if (Vector256.IsHardwareAccelerated)
            PairScan<Vector256Matcher>.Sweep(in pairs, length, start, filter, prefetch, ref sink);
        else if (Vector128.IsHardwareAccelerated)
            PairScan<Vector128Matcher>.Sweep(in pairs, length, start, filter, prefetch, ref sink);
        else
            PairScan<ScalarMatcher>.Sweep(in pairs, length, start, filter, prefetch, ref sink);
    }

    public static int Find(
        ref readonly WordPair pairs, nuint length, PairFilter filter, bool prefetch, Span<ulong> destination, ref ulong cursor)
    {
        if (Vector512.IsHardwareAccelerated && IWordHalf.Has<HighHalf>(filter))
            return PairScan<Vector512HalfMatcher<HighHalf>>.Find(in pairs, length, filter, prefetch, destination, ref cursor);
        if (Vector512.IsHardwareAccelerated && IWordHalf.Has<LowHalf>(filter))
            return PairScan<Vector512HalfMatcher<LowHalf>>.Find(in pairs, length, filter, prefetch, destination, ref cursor);
        if (Vector512.IsHardwareAccelerated)
            return PairScan<Vector512Matcher>.Find(in pairs, length, filter, prefetch, destination, ref cursor);
        if (Vector256.IsHardwareAccelerated && IWordHalf.Has<HighHalf>(filter))
            return PairScan<Vector256HalfMatcher<HighHalf>>.Find(in pairs, length, filter, prefetch, destination, ref cursor);
        if (Vector256.IsHardwareAccelerated && IWordHalf.Has<LowHalf>(filter))
            return PairScan<Vector256HalfMatcher<LowHalf>>.Find(in pairs, length, filter, prefetch, destination, ref cursor);
        if (Vector256.IsHardwareAccelerated)
            return PairScan<Vector256Matcher>.Find(in pairs, length, filter, prefetch, destination, ref cursor);
        if (Vector128.IsHardwareAccelerated)
            return PairScan<Vector128Matcher>.Find(in pairs, length, filter, prefetch, destination, ref cursor);
        return PairScan<ScalarMatcher>.Find(in pairs, length, filter, prefetch, destination, ref cursor);
    }
}
