using System.Runtime.Intrinsics;

namespace RingKit.Sweeps.Matching;

/// <summary>The 32 bits of each word that are looked at where all masks lie there.</summary>
internal interface IWordHalf
{
    /// <summary>How far these bits lie above bit 0: 0 or 32, a constant.</summary>
    static abstract int Shift { get; }

    /// <summary>The halves of each lane's words, those of <paramref name="low"/> before those of <paramref name="high"/>.</summary>
    static abstract Vector256<uint> Gather(Vector256<uint> low, Vector256<uint> high);

    /// <summary>Whether no mask of a filter has bits in the other half.</summary>
    static bool Has<THalf>(PairFilter filter)
        where THalf : struct, IWordHalf =>
        ((filter.First | filter.Second | filter.AgainFirst | filter.AgainSecond) & ~((ulong)uint.MaxValue << THalf.Shift)) == 0;
}
