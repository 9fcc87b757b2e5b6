using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Sweeps.Matching;

/// <summary>
/// Eight pairs a step, for filters whose masks lie in one half of the words, as flags do: the other half is dropped by the first shuffle, and one comparison
/// judges twice as many pairs.
/// </summary>
internal readonly struct Vector256HalfMatcher<THalf> : IPairMatcher<Vector256HalfMatcher<THalf>>
    where THalf : struct, IWordHalf
{
    // Bits that are not wanted count as had: of an and-not for each word and class the JIT makes two instructions.
    private readonly Vector256<uint> _first;
    private readonly Vector256<uint> _second;
    private readonly Vector256<uint> _againFirst;
    private readonly Vector256<uint> _againSecond;

    private Vector256HalfMatcher(PairFilter filter)
    {
        _first = Vector256.Create(~(uint)(filter.First >> THalf.Shift));
        _second = Vector256.Create(~(uint)(filter.Second >> THalf.Shift));
        _againFirst = Vector256.Create(~(uint)(filter.AgainFirst >> THalf.Shift));
        _againSecond = Vector256.Create(~(uint)(filter.AgainSecond >> THalf.Shift));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256HalfMatcher<THalf> For(PairFilter filter) => new(filter);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Match(ref readonly WordPair pairs, bool again, out ulong candidates, out ulong lookAgain)
    {
        ref readonly uint halves = ref Unsafe.As<WordPair, uint>(ref Unsafe.AsRef(in pairs));
        ulong found = 0;
        ulong foundAgain = 0;
        Eight(in halves, 0, again, ref found, ref foundAgain);
        Eight(in halves, 8, again, ref found, ref foundAgain);
        Eight(in halves, 16, again, ref found, ref foundAgain);
        Eight(in halves, 24, again, ref found, ref foundAgain);
        Eight(in halves, 32, again, ref found, ref foundAgain);
        Eight(in halves, 40, again, ref found, ref foundAgain);
        Eight(in halves, 48, again, ref found, ref foundAgain);
        Eight(in halves, 56, again, ref found, ref foundAgain);
        candidates = found;
        lookAgain = foundAgain;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Eight(ref readonly uint halves, int pair, bool again, ref ulong found, ref ulong foundAgain)
    {
        // Of pairs 0 and 2 in one lane, 1 and 3 in the other; then the first words of pairs 0, 2, 4, 6 and 1, 3, 5, 7, and the second ones.
        nuint place = (nuint)pair * 4;
        Vector256<uint> low = THalf.Gather(Vector256.LoadUnsafe(in halves, place), Vector256.LoadUnsafe(in halves, place + 8));
        Vector256<uint> high = THalf.Gather(Vector256.LoadUnsafe(in halves, place + 16), Vector256.LoadUnsafe(in halves, place + 24));
        Vector256<uint> firsts = LowHalf.Gather(low, high);
        Vector256<uint> seconds = HighHalf.Gather(low, high);
        found |= Having(firsts, seconds, _first, _second) << pair;
        if (again)
            foundAgain |= Having(firsts, seconds, _againFirst, _againSecond) << pair;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Having(Vector256<uint> firsts, Vector256<uint> seconds, Vector256<uint> notOfFirst, Vector256<uint> notOfSecond) =>
        Vector256.Equals((firsts | notOfFirst) & (seconds | notOfSecond), Vector256<uint>.AllBitsSet).ExtractMostSignificantBits();

    // Of every eight bits, those of the pairs 0, 2, 4, 6, 1, 3, 5, 7 in this order, into ascending order.
    public static ulong Ordered(ulong bits)
    {
        ulong differ = (bits ^ (bits >> 2)) & 0x0C0C_0C0C_0C0C_0C0C;
        bits ^= differ ^ (differ << 2);
        differ = (bits ^ (bits >> 1)) & 0x2222_2222_2222_2222;
        return bits ^ differ ^ (differ << 1);
    }
}
