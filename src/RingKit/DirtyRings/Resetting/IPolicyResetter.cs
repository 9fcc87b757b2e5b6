namespace RingKit.DirtyRings.Resetting;

/// <summary>The recycling end of a ring, whose policy is known when the code is compiled.</summary>
internal interface IPolicyResetter
{
    /// <summary>Recycles up to so many harvested entries.</summary>
    ResetResult Reset<TTarget, TPolicy>(ref TTarget target, int maximum, CancellationToken cancellation)
        where TTarget : struct, allows ref struct
        where TPolicy : struct, IResetPolicy<TTarget>;
}
