using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Sweeps.Matching;

/// <summary>The widest vectors that the processor has; the JIT keeps that one alone.</summary>
internal readonly struct WidestMatcher : IPairMatcher
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Match(ref readonly WordPair pairs, PairFilter filter, bool again, out ulong candidates, out ulong lookAgain)
    {
        if (Vector512.IsHardwareAccelerated)
            Vector512Matcher.Match(in pairs, filter, again, out candidates, out lookAgain);
        else if (Vector256.IsHardwareAccelerated)
            Vector256Matcher.Match(in pairs, filter, again, out candidates, out lookAgain);
        else if (Vector128.IsHardwareAccelerated)
            Vector128Matcher.Match(in pairs, filter, again, out candidates, out lookAgain);
        else
            ScalarMatcher.Match(in pairs, filter, again, out candidates, out lookAgain);
    }
}
