using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Sweeps.Matching;

/// <summary>Sixteen pairs a step, for filters whose masks lie in one half of the words; see <see cref="Vector256HalfMatcher{THalf}"/>.</summary>
internal readonly struct Vector512HalfMatcher<THalf> : IPairMatcher<Vector512HalfMatcher<THalf>>
    where THalf : struct, IWordHalf
{
    // As there, bits that are not wanted count as had.
    private readonly Vector512<uint> _first;
    private readonly Vector512<uint> _second;
    private readonly Vector512<uint> _againFirst;
    private readonly Vector512<uint> _againSecond;

    private Vector512HalfMatcher(PairFilter filter)
    {
        _first = Vector512.Create(~(uint)(filter.First >> THalf.Shift));
        _second = Vector512.Create(~(uint)(filter.Second >> THalf.Shift));
        _againFirst = Vector512.Create(~(uint)(filter.AgainFirst >> THalf.Shift));
        _againSecond = Vector512.Create(~(uint)(filter.AgainSecond >> THalf.Shift));
    }

    // Of the words of eight pairs, the halves of the first ones and behind them those of the second ones.
    private static Vector512<uint> Places => THalf.Shift == 0
        ? Vector512.Create(0u, 4, 8, 12, 16, 20, 24, 28, 2, 6, 10, 14, 18, 22, 26, 30)
        : Vector512.Create(1u, 5, 9, 13, 17, 21, 25, 29, 3, 7, 11, 15, 19, 23, 27, 31);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512HalfMatcher<THalf> For(PairFilter filter) => new(filter);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Match(ref readonly WordPair pairs, bool again, out ulong candidates, out ulong lookAgain)
    {
        ref readonly uint halves = ref Unsafe.As<WordPair, uint>(ref Unsafe.AsRef(in pairs));
        ulong found = 0;
        ulong foundAgain = 0;
        Sixteen(in halves, 0, again, ref found, ref foundAgain);
        Sixteen(in halves, 16, again, ref found, ref foundAgain);
        Sixteen(in halves, 32, again, ref found, ref foundAgain);
        Sixteen(in halves, 48, again, ref found, ref foundAgain);
        candidates = found;
        lookAgain = foundAgain;
    }

    public static ulong Ordered(ulong bits) => bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Sixteen(ref readonly uint halves, int pair, bool again, ref ulong found, ref ulong foundAgain)
    {
        nuint place = (nuint)pair * 4;
        Vector512<uint> low = Avx512F.PermuteVar16x32x2(Vector512.LoadUnsafe(in halves, place), Places, Vector512.LoadUnsafe(in halves, place + 16));
        Vector512<uint> high = Avx512F.PermuteVar16x32x2(Vector512.LoadUnsafe(in halves, place + 32), Places, Vector512.LoadUnsafe(in halves, place + 48));
        Vector512<uint> firsts = Avx512F.Shuffle4x128(low, high, 0b01_00_01_00);
        Vector512<uint> seconds = Avx512F.Shuffle4x128(low, high, 0b11_10_11_10);
        found |= Having(firsts, seconds, _first, _second) << pair;
        if (again)
            foundAgain |= Having(firsts, seconds, _againFirst, _againSecond) << pair;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Having(Vector512<uint> firsts, Vector512<uint> seconds, Vector512<uint> notOfFirst, Vector512<uint> notOfSecond) =>
        Vector512.Equals((firsts | notOfFirst) & (seconds | notOfSecond), Vector512<uint>.AllBitsSet).ExtractMostSignificantBits();
}
