namespace RingKit.DirtyRings.Resetting;

/// <summary><see cref="OutOfRangePolicy.RefuseBatch"/>.</summary>
internal readonly struct RefuseBatch<TTarget> : IResetPolicy<TTarget>
    where TTarget : struct, IResetTarget, allows ref struct
{
    public static ulong Apply(ref TTarget target, in ResetBatch batch)
    {
        if (!batch.FitsIn(target.PagesIn(batch.Slot)))
            return batch.Mask;

        target.Reset(batch.Slot, batch.BaseOffset, batch.Mask);
        return 0;
    }
}
