using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Cli.Machines;
using RingKit.Cli.Replay;
using RingKit.Cli.Traces;

namespace RingKit.Bench.DirtyLogs;

/// <summary>
/// A whole replay: reading the trace, gunzip and parsing included, the guest's accesses, and the harvests. The time is that of the whole trace.
/// </summary>
/// <remarks>The trace of <c>ls</c> is in the repository. The one of <c>sort</c>, 8.8 million stores, is named by RINGKIT_TRACE.</remarks>
public class ReplayBenchmarks
{
    public static IEnumerable<TraceInput> Traces => TraceInput.All;

    [ParamsSource(nameof(Traces))]
    public TraceInput Trace { get; set; } = null!;

    [Params("bitmap", "ring", "all")]
    public string Log { get; set; } = "";

    [Benchmark]
    public long Replay()
    {
        var settings = new ReplaySettings
        {
            Logs = [.. LogChoice.Flat.Where(log => Log == "all" || log.Name == Log)],
        };
        using TraceFile trace = TraceFile.Open(Trace.Path);
        using var replay = new TraceReplay(settings);
        return replay.Run(trace.Reader).Trace.Stores;
    }
}
