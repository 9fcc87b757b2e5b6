using System.Diagnostics;
using System.Reflection;
using BenchmarkDotNet.Running;
using RingKit.Bench.Reporting;

namespace RingKit.Bench.InTurn;

/// <summary>A method of a suite, and its times.</summary>
internal sealed class Contender(BenchmarkCase benchmark, object suite)
{
    private const double LeastMilliseconds = 1;

    private readonly Action<long> _repeat = Repeating(benchmark.Descriptor.WorkloadMethod, suite);
    private long _calls = 1;

    public string Name { get; } = benchmark.Descriptor.WorkloadMethod.Name;

    public bool IsBaseline { get; } = benchmark.Descriptor.Baseline;

    public BenchmarkCase Benchmark { get; } = benchmark;

    /// <summary>The name of the method whose time is part of this one's, or null.</summary>
    public string? Preparation { get; } = PreparationOf(benchmark);

    /// <summary>Nanoseconds a call, one for each round.</summary>
    public List<double> Times { get; } = [];

    public static string? PreparationOf(BenchmarkCase benchmark) =>
        benchmark.Descriptor.WorkloadMethod.GetCustomAttribute<NetOfAttribute>()?.Preparation;

    public void Call(int times) => _repeat(times);

    /// <summary>Chooses how many calls a round times at once.</summary>
    public void Calibrate()
    {
        while (Measure() * _calls < LeastMilliseconds * 1e6)
            _calls *= 2;
    }

    /// <summary>Times one round, behind a call that is not timed: what the contender before it left in the caches is none of its doing.</summary>
    public void Run()
    {
        Call(1);
        Times.Add(Measure());
    }

    private double Measure()
    {
        long start = Stopwatch.GetTimestamp();
        _repeat(_calls);
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / _calls;
    }

    private static Action<long> Repeating(MethodInfo method, object suite)
    {
        if (method.ReturnType == typeof(void))
        {
            Action action = method.CreateDelegate<Action>(suite);
            return times =>
            {
                for (; times > 0; times--)
                    action();
            };
        }

        return (Action<long>)typeof(Contender)
            .GetMethod(nameof(RepeatingFunction), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(method.ReturnType)
            .Invoke(null, [method, suite])!;
    }

    private static Action<long> RepeatingFunction<T>(MethodInfo method, object suite)
    {
        Func<T> function = method.CreateDelegate<Func<T>>(suite);
        return times =>
        {
            for (; times > 0; times--)
                function();
        };
    }
}
