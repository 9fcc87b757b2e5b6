using System.Runtime.CompilerServices;

namespace RingKit.Sweeps.Matching;

/// <summary>Pair by pair: the definition of what the others answer, and their tail.</summary>
internal readonly struct ScalarMatcher : IPairMatcher
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Match(ref readonly WordPair pairs, ulong first, ulong second) => Match(in pairs, 64, first, second);

    /// <summary>The same for fewer than 64 pairs.</summary>
    public static ulong Match(ref readonly WordPair pairs, int count, ulong first, ulong second)
    {
        ulong matches = 0;
        for (int i = 0; i < count; i++)
        {
            ref WordPair pair = ref Unsafe.Add(ref Unsafe.AsRef(in pairs), i);
            if ((pair.First & first) == first && (pair.Second & second) == second)
                matches |= 1UL << i;
        }

        return matches;
    }
}
