using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace RingKit.Interleaving;

/// <summary>Vector clocks of up to four threads, one vector register each.</summary>
/// <remarks>
/// Element i is the number of the last step of thread i that the clock's holder knows of. Steps count from 1; 0 is what came before
/// the threads began.
/// </remarks>
internal static class Clocks
{
    public const int Threads = 4;

    /// <summary>A step that never happened: not known to any clock.</summary>
    public const int Never = int.MaxValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Join(Vector128<int> a, Vector128<int> b) => Vector128.Max(a, b);

    /// <summary>Whether at least one of the steps, one for each thread, is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool KnowsAny(Vector128<int> clock, Vector128<int> steps) => Vector128.LessThanOrEqualAny(steps, clock);

    /// <summary>The first thread other than <paramref name="self"/> whose step is not known, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FirstUnknown(Vector128<int> clock, Vector128<int> steps, int self)
    {
        uint unknown = Vector128.GreaterThan(steps, clock).ExtractMostSignificantBits() & ~(1u << self);
        return unknown == 0 ? -1 : System.Numerics.BitOperations.TrailingZeroCount(unknown);
    }
}
