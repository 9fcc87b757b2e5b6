namespace RingKit.DirtyRings.Resetting;

/// <summary>Resets by the policy that a caller names.</summary>
internal static class OutOfRangePolicies
{
    public static ResetResult Reset<TRing, TTarget>(TRing ring, ref TTarget target, int maximum, OutOfRangePolicy policy, CancellationToken cancellation)
        where TRing : struct, IPolicyResetter
        where TTarget : struct, IResetTarget, allows ref struct
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximum);
        return policy switch
        {
            OutOfRangePolicy.RefusePages => ring.Reset<TTarget, RefusePages<TTarget>>(ref target, maximum, cancellation),
            OutOfRangePolicy.RefuseBatch => ring.Reset<TTarget, RefuseBatch<TTarget>>(ref target, maximum, cancellation),
            _ => throw Unknown(policy, nameof(policy)),
        };
    }

    public static ResetResult Reset<TRing, TTarget, TRefused>(
        TRing ring, ref TTarget target, ref TRefused refused, int maximum, OutOfRangePolicy policy, CancellationToken cancellation)
        where TRing : struct, IPolicyResetter
        where TTarget : struct, IResetTarget
        where TRefused : struct, IDirtyEntrySink
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maximum);
        var both = new ReportingTarget<TTarget, TRefused>(ref target, ref refused);
        return policy switch
        {
            OutOfRangePolicy.RefusePages =>
                ring.Reset<ReportingTarget<TTarget, TRefused>, ReportRefused<TTarget, TRefused, RefusePages<TTarget>>>(ref both, maximum, cancellation),
            OutOfRangePolicy.RefuseBatch =>
                ring.Reset<ReportingTarget<TTarget, TRefused>, ReportRefused<TTarget, TRefused, RefuseBatch<TTarget>>>(ref both, maximum, cancellation),
            _ => throw Unknown(policy, nameof(policy)),
        };
    }

    public static ArgumentOutOfRangeException Unknown(OutOfRangePolicy policy, string name) =>
        new(name, policy, "The policy must be RefusePages or RefuseBatch.");
}
