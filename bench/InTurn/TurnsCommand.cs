using BenchmarkDotNet.Running;
using RingKit.Bench.Inputs;
using RingKit.Bench.TwoThreads.Reporting;

namespace RingKit.Bench.InTurn;

/// <summary>
/// The suites once more, with their methods taken in turn: the rows of BenchmarkDotNet are measured seconds and minutes apart, and where the machine is shared
/// the ratio of two rows is then a ratio of two machines.
/// </summary>
internal static class TurnsCommand
{
    public const string Name = "turns";

    private const int AllRight = 0;
    private const int NothingRan = 2;

    /// <summary>Runs what the arguments ask for.</summary>
    /// <returns>0, or 2 if there was nothing to run.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        if (TurnsOptions.Parse(arguments) is not { } options)
        {
            Console.Error.WriteLine($"usage: {TurnsOptions.Usage}");
            return NothingRan;
        }

        if (options.IsQuick)
            Grid.ChooseQuick();
        Type? suite = SuiteOf(options.Suite);
        BenchmarkCase[][] points = suite is null ? [] : [.. Points(suite, options)];
        if (points.Length == 0)
        {
            Console.Error.WriteLine($"there is no suite {options.Suite}, or nothing of it is wanted");
            return NothingRan;
        }

        if (points.SelectMany(point => point).Any(Match.PreparesEachIteration))
        {
            Console.Error.WriteLine($"{options.Suite} prepares each iteration, which turns have not");
            return NothingRan;
        }

        Machine machine = Machine.This;
        Console.WriteLine($"{machine.Processor}, {machine.Cores} cores; {machine.System}; {machine.Runtime}; load average {Machine.Load}");
        Console.WriteLine(options.IsQuick ? "quick: one round without warm-up; these are no measurements" : $"{options.Rounds} rounds");
        foreach (BenchmarkCase[] point in points)
        {
            using var match = new Match(point);
            if (!options.IsQuick)
                match.WarmUp();
            match.Run(options.Rounds);
            TurnsReport.Write(Console.Out, match);
        }

        return AllRight;
    }

    // Whatever folder it is in: names are of one suite each.
    private static Type? SuiteOf(string name) =>
        Array.Find(typeof(TurnsCommand).Assembly.GetTypes(), type => type.Name == name || type.Name == $"{name}Benchmarks");

    private static IEnumerable<BenchmarkCase[]> Points(Type suite, TurnsOptions options)
    {
        BenchmarkCase[] all = BenchmarkConverter.TypeToBenchmarks(suite).BenchmarksCases;
        string[] preparations = [.. all.Select(benchmark => Contender.PreparationOf(benchmark)).OfType<string>()];
        return all
            .Where(benchmark => options.Values.All(wanted => HasValue(benchmark, wanted.Key, wanted.Value)))
            .Where(benchmark => options.Only.Length == 0 || benchmark.Descriptor.Baseline
                || options.Only.Concat(preparations).Contains(benchmark.Descriptor.WorkloadMethod.Name, StringComparer.Ordinal))
            .GroupBy(benchmark => benchmark.Parameters.PrintInfo, StringComparer.Ordinal)
            .Select(point => point.ToArray());
    }

    private static bool HasValue(BenchmarkCase benchmark, string name, string[] values) => benchmark.Parameters.Items.Any(parameter =>
        string.Equals(parameter.Name, name, StringComparison.Ordinal)
        && values.Contains(FormattableString.Invariant($"{parameter.Value}"), StringComparer.Ordinal));
}
