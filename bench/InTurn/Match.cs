using System.Runtime;
using BenchmarkDotNet.Parameters;
using BenchmarkDotNet.Running;

namespace RingKit.Bench.InTurn;

/// <summary>The methods of a suite at one point of its grid, one after the other in each round, so that all of them meet the same machine.</summary>
internal sealed class Match : IDisposable
{
    private const int CallsOfWarmUp = 31;
    private const int MostWarmUps = 12;
    private const int StillWarmUps = 3;
    private static readonly TimeSpan CompilersPause = TimeSpan.FromMilliseconds(120);

    private readonly List<(BenchmarkCase Benchmark, object Suite)> _suites = [];

    /// <param name="benchmarks">Those of the same parameters.</param>
    public Match(IReadOnlyList<BenchmarkCase> benchmarks)
    {
        Parameters = benchmarks[0].Parameters;
        Contenders = [.. benchmarks.Select(benchmark => new Contender(benchmark, SuiteOf(benchmark)))];
    }

    public ParameterInstances Parameters { get; }

    public IReadOnlyList<Contender> Contenders { get; }

    /// <summary>Until the runtime compiles nothing more: it counts calls, waits, compiles with counters in the code, and compiles once more.</summary>
    public void WarmUp()
    {
        int still = 0;
        for (int i = 0; i < MostWarmUps && still < StillWarmUps; i++)
        {
            long compiled = JitInfo.GetCompiledMethodCount();
            foreach (Contender contender in Contenders)
                contender.Call(CallsOfWarmUp);
            Thread.Sleep(CompilersPause);
            still = JitInfo.GetCompiledMethodCount() == compiled ? still + 1 : 0;
        }

        foreach (Contender contender in Contenders)
            contender.Calibrate();
    }

    public void Run(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            foreach (Contender contender in Contenders)
                contender.Run();
        }
    }

    /// <summary>Whether a suite asks for something before or after each iteration; a match has none.</summary>
    public static bool PreparesEachIteration(BenchmarkCase benchmark) =>
        benchmark.Descriptor.IterationSetupMethod is not null || benchmark.Descriptor.IterationCleanupMethod is not null;

    public void Dispose()
    {
        foreach (var (benchmark, suite) in _suites)
            benchmark.Descriptor.GlobalCleanupMethod?.Invoke(suite, null);
    }

    // Methods that are prepared alike share a suite, and so its memory.
    private object SuiteOf(BenchmarkCase benchmark)
    {
        foreach (var (other, shared) in _suites)
        {
            if (other.Descriptor.GlobalSetupMethod == benchmark.Descriptor.GlobalSetupMethod)
                return shared;
        }

        object suite = Activator.CreateInstance(benchmark.Descriptor.Type)!;
        foreach (ParameterInstance parameter in benchmark.Parameters.Items)
            benchmark.Descriptor.Type.GetProperty(parameter.Name)!.SetValue(suite, parameter.Value);
        benchmark.Descriptor.GlobalSetupMethod?.Invoke(suite, null);
        _suites.Add((benchmark, suite));
        return suite;
    }
}
