using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Sweeps.Matching;

/// <summary>Two pairs a step, parted into two first and two second words.</summary>
internal readonly struct Vector128Matcher : IPairMatcher
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Match(ref readonly WordPair pairs, PairFilter filter, bool again, out ulong candidates, out ulong lookAgain)
    {
        ref readonly ulong words = ref Unsafe.As<WordPair, ulong>(ref Unsafe.AsRef(in pairs));
        candidates = 0;
        lookAgain = 0;
        for (int pair = 0; pair < 64; pair += 4)
        {
            Two(in words, pair, filter, again, ref candidates, ref lookAgain);
            Two(in words, pair + 2, filter, again, ref candidates, ref lookAgain);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Two(ref readonly ulong words, int pair, PairFilter filter, bool again, ref ulong found, ref ulong foundAgain)
    {
        Vector128<ulong> low = Vector128.LoadUnsafe(in words, (nuint)pair * 2);
        Vector128<ulong> high = Vector128.LoadUnsafe(in words, ((nuint)pair * 2) + 2);
        Vector128<ulong> firsts = Firsts(low, high);
        Vector128<ulong> seconds = Seconds(low, high);
        found |= Having(firsts, seconds, filter.First, filter.Second) << pair;
        if (again)
            foundAgain |= Having(firsts, seconds, filter.AgainFirst, filter.AgainSecond) << pair;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Having(Vector128<ulong> firsts, Vector128<ulong> seconds, ulong first, ulong second)
    {
        Vector128<ulong> missing = Vector128.AndNot(Vector128.Create(first), firsts) | Vector128.AndNot(Vector128.Create(second), seconds);
        return Vector128.Equals(missing, Vector128<ulong>.Zero).ExtractMostSignificantBits();
    }

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
