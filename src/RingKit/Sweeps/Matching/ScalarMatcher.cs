using System.Runtime.CompilerServices;

namespace RingKit.Sweeps.Matching;

/// <summary>Pair by pair: the definition of what the others answer, and their tail.</summary>
internal readonly struct ScalarMatcher : IPairMatcher<ScalarMatcher>
{
    private readonly PairFilter _filter;

    private ScalarMatcher(PairFilter filter) => _filter = filter;

    public static ScalarMatcher For(PairFilter filter) => new(filter);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Match(ref readonly WordPair pairs, bool again, out ulong candidates, out ulong lookAgain) =>
        Match(in pairs, 64, _filter, again, out candidates, out lookAgain);

    public static ulong Ordered(ulong bits) => bits;

    /// <summary>The same for fewer than 64 pairs.</summary>
    public static void Match(
        ref readonly WordPair pairs, int count, PairFilter filter, bool again, out ulong candidates, out ulong lookAgain)
    {
        candidates = 0;
        lookAgain = 0;
        for (int i = 0; i < count; i++)
        {
            ulong first = Unsafe.Add(ref Unsafe.AsRef(in pairs), i).First;
            ulong second = Unsafe.Add(ref Unsafe.AsRef(in pairs), i).Second;
            if ((first & filter.First) == filter.First && (second & filter.Second) == filter.Second)
                candidates |= 1UL << i;
            if (again && (first & filter.AgainFirst) == filter.AgainFirst && (second & filter.AgainSecond) == filter.AgainSecond)
                lookAgain |= 1UL << i;
        }
    }
}
