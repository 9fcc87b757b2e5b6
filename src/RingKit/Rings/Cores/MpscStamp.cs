using System.Runtime.CompilerServices;

namespace RingKit.Rings.Cores;

/// <summary>What the stamp beside a slot says: for which index the slot was last published, or given up.</summary>
/// <remarks>
/// Bits 1..31 hold the low bits of the index, plus one; bit 0 is set if the claim was aborted. A slot sees every capacity-th index, and the
/// capacity is at most 2^27, so the stamp of the lap before is never taken for this one.
/// </remarks>
internal static class MpscStamp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Published(ulong index) => (uint)(index + 1) << 1;

    public static uint Aborted(ulong index) => Published(index) | 1;
}
