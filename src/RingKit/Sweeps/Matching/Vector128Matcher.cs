using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Sweeps.Matching;

/// <summary>Two pairs a step, parted into two first and two second words.</summary>
internal readonly struct Vector128Matcher : IPairMatcher
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Match(ref readonly WordPair pairs, ulong first, ulong second)
    {
        ref readonly ulong words = ref Unsafe.As<WordPair, ulong>(ref Unsafe.AsRef(in pairs));
        Vector128<ulong> firstWanted = Vector128.Create(first);
        Vector128<ulong> secondWanted = Vector128.Create(second);
        ulong matches = 0;
        for (nuint pair = 0; pair < 64; pair += 8)
        {
            uint eight = Two(in words, pair, firstWanted, secondWanted)
                | Two(in words, pair + 2, firstWanted, secondWanted) << 2
                | Two(in words, pair + 4, firstWanted, secondWanted) << 4
                | Two(in words, pair + 6, firstWanted, secondWanted) << 6;
            matches |= (ulong)eight << (int)pair;
        }

        return matches;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Two(ref readonly ulong words, nuint pair, Vector128<ulong> firstWanted, Vector128<ulong> secondWanted)
    {
        Vector128<ulong> low = Vector128.LoadUnsafe(in words, pair * 2);
        Vector128<ulong> high = Vector128.LoadUnsafe(in words, (pair * 2) + 2);
        Vector128<ulong> missing = Vector128.AndNot(firstWanted, Firsts(low, high)) | Vector128.AndNot(secondWanted, Seconds(low, high));
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
