using System.Runtime;
using RingKit.Bench.TwoThreads.Contenders;

namespace RingKit.Bench.TwoThreads.Running;

/// <summary>Warms up and measures: in each round every contender runs once, so that run i of one stands beside run i of another.</summary>
internal sealed class Session(IReadOnlyCollection<Case> cases, int runs, bool isQuick)
{
    // A method is compiled anew, in the background, after 30 calls and 100 ms without other work of that kind, and a second time once it has counted its
    // branches for another 30. So: short runs in rounds, a pause after each, until a round leaves the compiler nothing to do.
    private const int WarmUpRounds = 8;
    private const int RunsPerWarmUpRound = 31;
    private const long WarmUpOperations = 16384;
    private const int QuickFraction = 128;
    private static readonly TimeSpan CompilerPause = TimeSpan.FromMilliseconds(300);

    private readonly Contender[] _contenders =
        [.. cases.SelectMany(item => item.Contenders.Concat(item.Floors.SelectMany(floor => floor.Involved))).Distinct()];

    /// <summary>Methods that were compiled between the first measured run and the last; 0 if the warm-up was long enough.</summary>
    public long CompiledMeanwhile { get; private set; }

    public Dictionary<Contender, Samples> Measure(Action<string> progress)
    {
        if (!isQuick)
            WarmUp(progress);

        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
        GC.Collect();
        long compiled = JitInfo.GetCompiledMethodCount();
        var results = _contenders.ToDictionary(contender => contender, _ => new List<RunResult>());
        for (int run = 0; run < runs; run++)
        {
            progress($"run {run + 1} of {runs}");
            foreach (Contender contender in _contenders)
                results[contender].Add(contender.Run(isQuick ? Shortened(contender.Operations) : contender.Operations));
        }

        CompiledMeanwhile = JitInfo.GetCompiledMethodCount() - compiled;
        return results.ToDictionary(pair => pair.Key, pair => new Samples(pair.Value));
    }

    private static long Shortened(long operations) => operations / QuickFraction / Batch.Length * Batch.Length;

    private void WarmUp(Action<string> progress)
    {
        for (int round = 0; round < WarmUpRounds; round++)
        {
            progress($"warm-up {round + 1}");
            long compiled = JitInfo.GetCompiledMethodCount();
            foreach (Contender contender in _contenders)
            {
                for (int run = 0; run < RunsPerWarmUpRound; run++)
                    contender.Run(WarmUpOperations);
            }

            Thread.Sleep(CompilerPause);
            if (JitInfo.GetCompiledMethodCount() == compiled)
                break;
        }
    }
}
