using System.Numerics;
using System.Runtime.CompilerServices;

namespace RingKit.DirtyRings.Resetting;

/// <summary><see cref="OutOfRangePolicy.RefusePages"/>.</summary>
internal readonly struct RefusePages<TTarget> : IResetPolicy<TTarget>
    where TTarget : struct, IResetTarget, allows ref struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Apply(ref TTarget target, in ResetBatch batch)
    {
        ulong pages = target.PagesIn(batch.Slot);
        if (!batch.FitsIn(pages))
            return ApplyInPart(ref target, batch, pages);

        target.Reset(batch.Slot, batch.BaseOffset, batch.Mask);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong ApplyInPart(ref TTarget target, in ResetBatch batch, ulong pages)
    {
        // A base just below 2^64 carries its upper bits round to page 0, and those pages may be real.
        ulong toWrap = 0 - batch.BaseOffset;
        ulong wrapped = toWrap is > 0 and < 64 ? batch.Mask >> (int)toWrap : 0;
        ulong straight = toWrap is > 0 and < 64 ? batch.Mask & ((1UL << (int)toWrap) - 1) : batch.Mask;
        ulong applied = ApplyInside(ref target, batch.Slot, batch.BaseOffset, straight, pages);
        if (wrapped != 0)
            applied |= ApplyInside(ref target, batch.Slot, 0, wrapped, pages) << (int)toWrap;
        return batch.Mask & ~applied;
    }

    private static ulong ApplyInside(ref TTarget target, uint slot, ulong baseOffset, ulong mask, ulong pages)
    {
        if (baseOffset >= pages)
            return 0;

        ulong left = pages - baseOffset;
        ulong inside = left >= 64 ? mask : mask & ((1UL << (int)left) - 1);
        if (inside == 0)
            return 0;

        int skip = BitOperations.TrailingZeroCount(inside);
        target.Reset(slot, baseOffset + (uint)skip, inside >> skip);
        return inside;
    }
}
