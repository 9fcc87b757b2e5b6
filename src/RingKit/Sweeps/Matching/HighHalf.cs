using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Sweeps.Matching;

/// <summary>Bits 32 to 63: where a little-endian machine finds the low bits of big-endian words.</summary>
internal readonly struct HighHalf : IWordHalf
{
    public static int Shift => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Gather(Vector256<uint> low, Vector256<uint> high) => Avx.Shuffle(low.AsSingle(), high.AsSingle(), 0b11_01_11_01).AsUInt32();
}
