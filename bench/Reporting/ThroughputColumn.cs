using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace RingKit.Bench.Reporting;

/// <summary>Bitmap bytes passed over in a second, for suites with a parameter <see cref="SizeParameter"/>; preparation not counted.</summary>
internal sealed class ThroughputColumn : IColumn
{
    /// <summary>The name of the parameter that says how many KiB one operation passes over.</summary>
    public const string SizeParameter = "KiB";

    public string Id => nameof(ThroughputColumn);

    public string ColumnName => "GB/s";

    public string Legend => "Bitmap bytes (10^9) passed over in a second, from the median";

    public UnitType UnitType => UnitType.Dimensionless;

    public ColumnCategory Category => ColumnCategory.Statistics;

    public int PriorityInCategory => 11;

    public bool IsNumeric => true;

    public bool AlwaysShow => false;

    public bool IsAvailable(Summary summary) => summary.BenchmarksCases.Any(benchmark => BytesOf(benchmark) is not null);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) =>
        !NetColumn.IsPreparation(summary, benchmarkCase)
        && BytesOf(benchmarkCase) is { } bytes && NetColumn.NanosecondsOf(summary, benchmarkCase) is > 0 and { } nanoseconds
            ? (bytes / nanoseconds).ToString("N1", CultureInfo.InvariantCulture)
            : "-";

    /// <summary>How many bytes an operation passes over, or null.</summary>
    public static double? BytesOf(BenchmarkCase benchmarkCase) =>
        benchmarkCase.Parameters.Items.FirstOrDefault(parameter => parameter.Name is SizeParameter)?.Value is int kibibytes
            ? kibibytes * 1024.0
            : null;
}
