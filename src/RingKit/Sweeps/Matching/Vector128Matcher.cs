using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Sweeps.Matching;

/// <summary>Two pairs a step, parted into two first and two second words.</summary>
internal readonly struct Vector128Matcher : IPairMatcher<Vector128Matcher>
{
    // Bits that are not wanted count as had: of an and-not for each word and class the JIT makes two instructions.
    private readonly Vector128<ulong> _first;
    private readonly Vector128<ulong> _second;
    private readonly Vector128<ulong> _againFirst;
    private readonly Vector128<ulong> _againSecond;

    private Vector128Matcher(PairFilter filter)
    {
        _first = Vector128.Create(~filter.First);
        _second = Vector128.Create(~filter.Second);
        _againFirst = Vector128.Create(~filter.AgainFirst);
        _againSecond = Vector128.Create(~filter.AgainSecond);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128Matcher For(PairFilter filter) => new(filter);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Match(ref readonly WordPair pairs, bool again, out ulong candidates, out ulong lookAgain)
    {
        ref readonly ulong words = ref Unsafe.As<WordPair, ulong>(ref Unsafe.AsRef(in pairs));
        candidates = 0;
        lookAgain = 0;
        for (int pair = 0; pair < 64; pair += 4)
        {
            Two(in words, pair, again, ref candidates, ref lookAgain);
            Two(in words, pair + 2, again, ref candidates, ref lookAgain);
        }
    }

    public static ulong Ordered(ulong bits) => bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Two(ref readonly ulong words, int pair, bool again, ref ulong found, ref ulong foundAgain)
    {
        Vector128<ulong> low = Vector128.LoadUnsafe(in words, (nuint)pair * 2);
        Vector128<ulong> high = Vector128.LoadUnsafe(in words, ((nuint)pair * 2) + 2);
        Vector128<ulong> firsts = Firsts(low, high);
        Vector128<ulong> seconds = Seconds(low, high);
        found |= Having(firsts, seconds, _first, _second) << pair;
        if (again)
            foundAgain |= Having(firsts, seconds, _againFirst, _againSecond) << pair;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Having(Vector128<ulong> firsts, Vector128<ulong> seconds, Vector128<ulong> notOfFirst, Vector128<ulong> notOfSecond) =>
        Vector128.Equals((firsts | notOfFirst) & (seconds | notOfSecond), Vector128<ulong>.AllBitsSet).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Firsts(Vector128<ulong> low, Vector128<ulong> high) =>
        Sse2.IsSupported ? Sse2.UnpackLow(low, high)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.UnzipEven(low, high)
        : Vector128.Create(low[0], high[0]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Seconds(Vector128<ulong> low, Vector128<ulong> high) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(low, high)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.UnzipOdd(low, high)
        : Vector128.Create(low[1], high[1]);
}
