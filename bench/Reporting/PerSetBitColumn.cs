using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using RingKit.Bench.Inputs;

namespace RingKit.Bench.Reporting;

/// <summary>Nanoseconds for each set bit, preparation not counted, for suites with <see cref="PerSetBitAttribute"/>.</summary>
internal sealed class PerSetBitColumn : IColumn
{
    private static readonly ConcurrentDictionary<(int KiB, double Percent, DirtyShape Shape), long> SetBits = new();

    public string Id => nameof(PerSetBitColumn);

    public string ColumnName => "ns/bit";

    public string Legend => "Nanoseconds a set bit (a dirty page), from the median less the preparation";

    public UnitType UnitType => UnitType.Dimensionless;

    public ColumnCategory Category => ColumnCategory.Statistics;

    public int PriorityInCategory => 12;

    public bool IsNumeric => true;

    public bool AlwaysShow => false;

    public bool IsAvailable(Summary summary) => summary.BenchmarksCases.Any(benchmark => Wants(benchmark) is not null);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        return Wants(benchmarkCase) is { } wants
            && !NetColumn.IsPreparation(summary, benchmarkCase)
            && NetColumn.NanosecondsOf(summary, benchmarkCase) is { } nanoseconds
            && SetBitsOf(wants, benchmarkCase) is > 0 and { } bits
                ? (nanoseconds / bits).ToString("N3", CultureInfo.InvariantCulture)
                : "-";
    }

    /// <summary>How many bits are set in what an operation passes over, or null for suites without such.</summary>
    public static long? SetBitsOf(BenchmarkCase benchmarkCase) =>
        Wants(benchmarkCase) is { } wants ? SetBitsOf(wants, benchmarkCase) : null;

    private static PerSetBitAttribute? Wants(BenchmarkCase benchmarkCase) =>
        benchmarkCase.Descriptor.Type.GetCustomAttribute<PerSetBitAttribute>();

    private static long SetBitsOf(PerSetBitAttribute wants, BenchmarkCase benchmarkCase)
    {
        int kibibytes = Math.Max((int)Parameter(wants.SizeParameter), wants.AtLeastKiB);
        return SetBits.GetOrAdd(
            (kibibytes, (double)Parameter("DirtyPercent"), (DirtyShape)Parameter("Shape")),
            key => new DirtyPattern(key.KiB * 1024 / sizeof(ulong), key.Percent / 100, key.Shape).DirtyPages);

        object Parameter(string name) =>
            benchmarkCase.Parameters.Items.First(parameter => string.Equals(parameter.Name, name, StringComparison.Ordinal)).Value;
    }
}
