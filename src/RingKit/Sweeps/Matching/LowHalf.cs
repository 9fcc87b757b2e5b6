using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace RingKit.Sweeps.Matching;

/// <summary>Bits 0 to 31.</summary>
internal readonly struct LowHalf : IWordHalf
{
    public static int Shift => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Gather(Vector256<uint> low, Vector256<uint> high) => Avx.Shuffle(low.AsSingle(), high.AsSingle(), 0b10_00_10_00).AsUInt32();
}
