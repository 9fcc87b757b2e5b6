namespace RingKit.Cli.Reports.Hpt;

/// <summary>The object that <c>ringkit hpt --json</c> prints. Programs rely on the names of the properties, in snake case.</summary>
internal sealed record HptJsonReport(
    ulong Entries,
    ulong Valid,
    ulong Referenced,
    ulong Changed,
    ulong Bolted,
    ulong Large,
    ulong Secondary,
    ulong Writable,
    ulong DistinctChangedFrames,
    ulong Absent,
    string Format,
    int Order,
    IReadOnlyList<HptJsonReport.PageSize> PageSizes,
    ulong OfNoPageSize,
    HptJsonReport.Sweep SweepUs)
{
    /// <summary>How many valid entries map pages of a size, in bytes.</summary>
    internal sealed record PageSize(ulong Bytes, ulong BaseBytes, ulong Entries);

    /// <summary>The median time of a pass in microseconds.</summary>
    internal sealed record Sweep(double Scalar, double Simd, double Parallel);
}
