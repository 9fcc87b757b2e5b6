using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Sweeps.Matching;

/// <summary>The widest vectors that the processor has; the JIT keeps that one alone.</summary>
internal readonly struct WidestMatcher : IPairMatcher
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Match(ref readonly WordPair pairs, ulong first, ulong second)
    {
        if (Vector512.IsHardwareAccelerated)
            return Vector512Matcher.Match(in pairs, first, second);
        if (Vector256.IsHardwareAccelerated)
            return Vector256Matcher.Match(in pairs, first, second);
        return Vector128.IsHardwareAccelerated
            ? Vector128Matcher.Match(in pairs, first, second)
            : ScalarMatcher.Match(in pairs, first, second);
    }
}
