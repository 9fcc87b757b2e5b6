using System.Diagnostics;
using RingKit.Bench.TwoThreads.Reporting;
using static System.FormattableString;

namespace RingKit.Bench.Limits;

/// <summary>Marking and harvesting beside the bare instructions in C, in turn in one run: what is left where a floor is missed.</summary>
internal static class LimitsCommand
{
    public const string Name = "limits";

    private const int AllRight = 0;
    private const int NothingRan = 2;

    /// <summary>Prints the table.</summary>
    /// <returns>0, also where there is no compiler; 2 if the arguments are not understood.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        (bool isQuick, string only) = arguments switch
        {
            ["--quick"] => (true, ""),
            ["--only", var name] => (false, name),
            _ => (false, ""),
        };
        if (arguments.Length != 0 && !isQuick && only.Length == 0)
        {
            Console.Error.WriteLine("usage: limits [--quick | --only PART OF A NAME]");
            return NothingRan;
        }

        using NativeLimits? bare = NativeLimits.TryLoad(out string missing);
        if (bare is null)
        {
            Console.WriteLine($"limits: skipped, {missing}");
            return AllRight;
        }

        using var cases = new LimitCases(bare, shrink: isQuick ? 64 : 1);
        if (!isQuick)
            WarmUp(bare, only);
        Console.WriteLine($"{Machine.This.Processor}, {Machine.This.Runtime}, load {Machine.Load}{(isQuick ? "; quick: these are no measurements" : "")}");
        Console.WriteLine("| | floor | ours, ns: median, best | bare | ns: median, best | ours / bare, by pairs |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (Limit limit in Chosen(cases, only))
            Measure(limit, isQuick ? 1 : 21);
        return AllRight;
    }

    private static IEnumerable<Limit> Chosen(LimitCases cases, string only) =>
        cases.All.Where(limit => limit.Name.Contains(only, StringComparison.OrdinalIgnoreCase));

    // Until the runtime's last compilation is behind all that runs.
    private static void WarmUp(NativeLimits bare, string only)
    {
        using var small = new LimitCases(bare, shrink: 64);
        for (int pause = 0; pause < 3; pause++)
        {
            foreach (Limit limit in Chosen(small, only))
            {
                for (int i = 0; i < 40; i++)
                {
                    limit.Prepare();
                    limit.Ours();
                    foreach (var (_, run) in limit.Bare)
                        run();
                }
            }

            Thread.Sleep(200);
        }
    }

    // Each round has one run of ours and one of each rival, so that a pair has seen the same machine.
    private static void Measure(Limit limit, int rounds)
    {
        double[] ours = new double[rounds];
        double[][] bare = [.. limit.Bare.Select(_ => new double[rounds])];
        for (int round = -1; round < rounds; round++)
        {
            double time = Time(limit, limit.Ours);
            double[] times = [.. limit.Bare.Select(rival => Time(limit, rival.Run))];
            if (round < 0)
                continue;
            ours[round] = time;
            for (int i = 0; i < times.Length; i++)
                bare[i][round] = times[i];
        }

        for (int i = 0; i < bare.Length; i++)
        {
            string left = i == 0 ? $"| {limit.Name} | {limit.Floor} | {Figure(ours)} a {limit.Unit}" : "| | | ";
            double ratio = Median([.. ours.Zip(bare[i], (own, other) => own / other)]);
            Console.WriteLine(Invariant($"{left} | {limit.Bare[i].Name} | {Figure(bare[i])} | {ratio:0.00} |"));
        }
    }

    private static double Time(Limit limit, Action run)
    {
        limit.Prepare();
        long start = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / limit.Units;
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    private static string Figure(double[] values) => Invariant($"{Median(values):0.00}, {values.Min():0.00}");
}
