using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using Perfolizer.Horology;

namespace RingKit.Bench.Reporting;

/// <summary>What all suites share: medians beside means, allocations, and iterations short enough that the whole grid ends.</summary>
internal sealed class BenchConfig : ManualConfig
{
    public BenchConfig(IReadOnlyCollection<string> arguments)
    {
        Add(DefaultConfig.Instance);
        AddDiagnoser(MemoryDiagnoser.Default);
        AddExporter(new SvgChartExporter());
        AddColumn(StatisticColumn.Min, StatisticColumn.Median, new NetColumn(), new ThroughputColumn(), new PerSetBitColumn());
        HideColumns(Column.Error, Column.RatioSD, Column.Gen0, Column.Gen1, Column.Gen2, Column.AllocRatio);
        HideColumns(Column.Job, Column.InvocationCount, Column.UnrollFactor, Column.IterationCount, Column.WarmupCount);
        HideColumns("IterationTime", "Toolchain", "LaunchCount", "RunStrategy");
        WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(40));

        // The command line's switches change this job; but a job that it names would run beside this one, and not instead of it.
        if (!arguments.Any(argument => argument is "--job" or "-j"))
            AddJob(OwnJob);
    }

    // Many short iterations: on a machine with neighbours the median of 25 tells more than the mean of 5 longer ones.
    private static Job OwnJob => Job.Default
        .WithWarmupCount(15)
        .WithIterationTime(TimeInterval.FromMilliseconds(25))
        .WithIterationCount(25)
        .AsDefault();
}
