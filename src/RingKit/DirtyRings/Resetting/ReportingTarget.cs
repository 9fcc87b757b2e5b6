namespace RingKit.DirtyRings.Resetting;

/// <summary>A target together with a sink for what is refused.</summary>
internal readonly ref struct ReportingTarget<TTarget, TRefused>(ref TTarget target, ref TRefused refused)
    where TTarget : struct
    where TRefused : struct
{
    public readonly ref TTarget Target = ref target;
    public readonly ref TRefused Refused = ref refused;
}
