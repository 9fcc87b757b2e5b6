using System.Numerics;

namespace RingKit.DirtyRings.Resetting;

/// <summary>Another policy, whose refusals reach a sink page by page.</summary>
internal readonly struct ReportRefused<TTarget, TRefused, TPolicy> : IResetPolicy<ReportingTarget<TTarget, TRefused>>
    where TTarget : struct, IResetTarget
    where TRefused : struct, IDirtyEntrySink
    where TPolicy : struct, IResetPolicy<TTarget>
{
    public static ulong Apply(ref ReportingTarget<TTarget, TRefused> target, in ResetBatch batch)
    {
        ulong refused = TPolicy.Apply(ref target.Target, batch);
        for (ulong rest = refused; rest != 0; rest &= rest - 1)
            target.Refused.Accept(batch.Slot, unchecked(batch.BaseOffset + (uint)BitOperations.TrailingZeroCount(rest)));
        return refused;
    }
}
