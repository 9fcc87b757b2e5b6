namespace RingKit.DirtyRings.Resetting;

/// <summary>How a batch of entries, which may hold anything, reaches a target.</summary>
internal interface IResetPolicy<TTarget>
    where TTarget : struct, allows ref struct
{
    /// <summary>Applies what is to be applied and returns those bits of the batch's mask whose pages were refused.</summary>
    static abstract ulong Apply(ref TTarget target, in ResetBatch batch);
}
