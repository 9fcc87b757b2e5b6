using RingKit.Bench.Rivals;
using RingKit.Bench.TwoThreads.Contenders;
using RingKit.Bench.TwoThreads.Reporting;
using RingKit.Bench.TwoThreads.Running;

namespace RingKit.Bench.TwoThreads;

/// <summary>The queues between threads, which BenchmarkDotNet cannot measure: it runs one thread.</summary>
internal static class ThreadsCommand
{
    public const string Name = "threads";

    private const int AllRight = 0;
    private const int SomethingFailed = 1;
    private const int NothingRan = 2;

    /// <summary>Runs what the arguments ask for.</summary>
    /// <returns>0, or 1 if an item was lost or garbled, or 2 if there was nothing to run. Floors that are missed change nothing.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        if (ThreadsOptions.Parse(arguments) is not { } options)
        {
            Console.Error.WriteLine($"usage: {ThreadsOptions.Usage}");
            return NothingRan;
        }

        try
        {
            return Run(options);
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
        {
            Console.Error.WriteLine($"failed: {exception}");
            return SomethingFailed;
        }
    }

    private static int Run(ThreadsOptions options)
    {
        using NativeRival? boost = NativeRival.TryCompile("boost_spsc.cpp", "boost/", "libboost-dev", out string missing, "-pthread");
        using var catalogue = new Catalogue(boost);
        Case[] cases = [.. catalogue.Cases.Where(item => item.Matches(options.Filter))];
        if (cases.Length == 0)
        {
            Console.Error.WriteLine($"no case has '{options.Filter}' in its name; there are: {string.Join("; ", catalogue.Cases.Select(item => item.Name))}");
            return NothingRan;
        }

        var session = new Session(cases, options.Runs, options.IsQuick);
        string loadBefore = Machine.Load;
        Dictionary<Contender, Samples> samples = session.Measure(Progress);
        string[] notes = [.. Notes(options, missing, session.CompiledMeanwhile)];
        var outcome = new Outcome(options.IsQuick, Machine.This, loadBefore, Machine.Load, cases, samples, notes);
        if (options.IsJson)
            JsonReport.Write(Console.Out, outcome);
        else
            TextReport.Write(Console.Out, outcome);
        return outcome.Wrong.Any() ? SomethingFailed : AllRight;
    }

    private static IEnumerable<string> Notes(ThreadsOptions options, string missing, long compiled)
    {
        if (missing.Length != 0)
            yield return $"without boost::lockfree::spsc_queue: {missing}";
        if (options.IsQuick)
            yield return "quick: one short run without warm-up; these are no measurements";
        else if (compiled != 0)
            yield return $"{compiled} methods were compiled during the measured runs";
    }

    // Not into the report, and not into a file: a line that says how far it is.
    private static void Progress(string text)
    {
        if (!Console.IsErrorRedirected)
            Console.Error.Write($"\r{text}    \r");
    }
}
