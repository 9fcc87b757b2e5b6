using System.Globalization;
using System.Reflection;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace RingKit.Bench.Reporting;

/// <summary>The median less the median of the preparation that <see cref="NetOfAttribute"/> names, at the same parameters.</summary>
internal sealed class NetColumn : IColumn
{
    public string Id => nameof(NetColumn);

    public string ColumnName => "Net [us]";

    public string Legend => "Median less that of the preparation row, in microseconds an operation";

    public UnitType UnitType => UnitType.Dimensionless;

    public ColumnCategory Category => ColumnCategory.Statistics;

    public int PriorityInCategory => 10;

    public bool IsNumeric => true;

    public bool AlwaysShow => false;

    public bool IsAvailable(Summary summary) => summary.BenchmarksCases.Any(benchmark => PreparationOf(benchmark) is not null);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        NanosecondsOf(summary, benchmarkCase) is { } net ? (net / 1000).ToString("N2", CultureInfo.InvariantCulture) : "-";

    /// <summary>Nanoseconds an operation, or null where nothing was measured. Noise can make a small difference negative.</summary>
    public static double? NanosecondsOf(Summary summary, BenchmarkCase benchmarkCase)
    {
        double? median = summary[benchmarkCase]?.ResultStatistics?.Median;
        if (PreparationOf(benchmarkCase) is not { } preparation)
            return median;

        BenchmarkCase? other = summary.BenchmarksCases.FirstOrDefault(candidate =>
            string.Equals(candidate.Descriptor.WorkloadMethod.Name, preparation, StringComparison.Ordinal)
            && candidate.Job.Equals(benchmarkCase.Job)
            && string.Equals(candidate.Parameters.DisplayInfo, benchmarkCase.Parameters.DisplayInfo, StringComparison.Ordinal));
        return other is null ? null : median - summary[other]?.ResultStatistics?.Median;
    }

    /// <summary>Whether other benchmarks contain this one's work.</summary>
    public static bool IsPreparation(Summary summary, BenchmarkCase benchmarkCase) => summary.BenchmarksCases.Any(
        other => string.Equals(PreparationOf(other), benchmarkCase.Descriptor.WorkloadMethod.Name, StringComparison.Ordinal));

    private static string? PreparationOf(BenchmarkCase benchmarkCase) =>
        benchmarkCase.Descriptor.WorkloadMethod.GetCustomAttribute<NetOfAttribute>()?.Preparation;
}
