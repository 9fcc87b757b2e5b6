using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace RingKit.Interleaving;

/// <summary>
/// Runs small concurrent programs on the model of weak memory: in all their executions, in random ones, or in a given one.
/// </summary>
/// <remarks>Thread role: any thread; explorations on different threads do not know of each other.</remarks>
public static class Explorer
{
    /// <summary>Runs every execution of a program, depth first.</summary>
    /// <param name="program">What to run.</param>
    /// <param name="options">What to leave out and where to stop; null for <see cref="ExplorationOptions.Default"/>.</param>
    /// <returns>Counts, outcomes and the first failure. A failing program is no exception here.</returns>
    /// <exception cref="ModelException">The program is not deterministic.</exception>
    public static ExplorationResult Explore(ModelProgram program, ExplorationOptions? options = null) =>
        Explore(program, options ?? ExplorationOptions.Default, sites: null);

    /// <summary>Runs random executions of a program.</summary>
    /// <param name="program">What to run.</param>
    /// <param name="seed">The first execution's seed; each following one has the next number.</param>
    /// <param name="executions">How many.</param>
    /// <param name="options">As for <see cref="Explore(ModelProgram, ExplorationOptions?)"/>; reduction and bound play no part.</param>
    /// <returns>As for <see cref="Explore(ModelProgram, ExplorationOptions?)"/>. The failure holds its own seed.</returns>
    public static ExplorationResult Sample(ModelProgram program, ulong seed, long executions, ExplorationOptions? options = null)
    {
        options ??= ExplorationOptions.Default;
        long begun = Stopwatch.GetTimestamp();
        var result = new ExplorationResult(program.Name);
        var walk = new RandomWalk();
        using (var execution = new Execution(program, options))
        {
            for (long i = 0; i < executions; i++)
            {
                walk.Restart(seed + (ulong)i);
                execution.Run(walk);
                Count(result, execution, program, options, seed + (ulong)i);
                if (result.Failure is not null && options.StopAtFailure)
                    break;
            }
        }

        result.Elapsed = Stopwatch.GetElapsedTime(begun);
        return result;
    }

    /// <summary>Repeats one execution, and describes it.</summary>
    /// <param name="program">The same program as before.</param>
    /// <param name="replay">Its <see cref="Failure.Replay"/>, or the beginning of one.</param>
    /// <param name="options">The same options as before: a mutant is not part of the string.</param>
    /// <param name="trace">The execution, a line a step.</param>
    /// <returns>The one execution's counts, outcome and failure: of the kind <see cref="FailureKind.Model"/> if the string is another program's.</returns>
    /// <exception cref="FormatException">The text is no replay string.</exception>
    public static ExplorationResult Replay(ModelProgram program, string replay, out string trace, ExplorationOptions? options = null)
    {
        options ??= ExplorationOptions.Default;
        var result = new ExplorationResult(program.Name);
        using var execution = new Execution(program, options);
        Failure? failure = Retrace(execution, replay, out trace);
        CountOne(result, execution);
        result.Failure = failure;
        return result;
    }

    /// <summary>The ordered call sites that a program meets in any of its executions.</summary>
    /// <param name="program">What to run.</param>
    /// <param name="options">As for <see cref="Explore(ModelProgram, ExplorationOptions?)"/>.</param>
    /// <exception cref="ExplorationFailedException">The program fails as it is.</exception>
    public static IReadOnlyList<Site> Sites(ModelProgram program, ExplorationOptions? options = null)
    {
        var sites = new SiteCollector();
        Explore(program, options ?? ExplorationOptions.Default, sites).ThrowIfFailed();
        return [.. sites.Sites];
    }

    /// <summary>Names a location in the trace. For a program's set-up; elsewhere it does nothing.</summary>
    /// <param name="location">In native or pinned memory.</param>
    /// <param name="name">What the trace calls it.</param>
    public static unsafe void Name<T>(ref readonly T location, string name)
        where T : unmanaged =>
        TraceRecorder.Current?.Name((nuint)Unsafe.AsPointer(ref Unsafe.AsRef(in location)), name);

    internal static ExplorationResult Explore(ModelProgram program, ExplorationOptions options, SiteCollector? sites)
    {
        long begun = Stopwatch.GetTimestamp();
        var result = new ExplorationResult(program.Name);
        var search = new DepthFirst(options);
        using (var execution = new Execution(program, options) { Sites = sites })
        {
            do
            {
                execution.Run(search);
                Count(result, execution, program, options, seed: null);
                if (result.Failure is not null && options.StopAtFailure)
                    break;
                result.IsComplete = !search.Advance();
            }
            while (!result.IsComplete && result.Executions + result.Redundant < options.MaximumExecutions);
        }

        result.Elapsed = Stopwatch.GetElapsedTime(begun);
        return result;
    }

    private static void Count(ExplorationResult result, Execution execution, ModelProgram program, ExplorationOptions options, ulong? seed)
    {
        CountOne(result, execution);
        if (execution.Failure is not { } failure)
            return;

        result.Failures++;
        if (failure.Kind == FailureKind.Race)
            result.Races++;
        if (result.Failure is not null)
            return;

        // Once more, and written down this time: it also tells where the other side of a race is.
        string replay = Replayer.Write(execution.Steps);
        using var again = new Execution(program, options);
        failure = Retrace(again, replay, out string trace)
            ?? throw new ModelException($"The failure did not repeat: the program is not deterministic. It was: {failure.Message}");
        result.Failure = failure with { Replay = replay, Trace = trace, Seed = seed };
    }

    private static void CountOne(ExplorationResult result, Execution execution)
    {
        result.Steps += execution.StepCount;
        if (execution.IsRedundant)
        {
            result.Redundant++;
            return;
        }

        result.Executions++;
        if (execution.Outcome is { } outcome)
            result.Outcomes[outcome] = result.Outcomes.GetValueOrDefault(outcome) + 1;
    }

    private static Failure? Retrace(Execution execution, string replay, out string trace)
    {
        var recorder = new TraceRecorder();
        TraceRecorder.Current = recorder;
        execution.Trace = recorder;
        try
        {
            execution.Run(new Replayer(replay));
        }
        finally
        {
            TraceRecorder.Current = null;
            execution.Trace = null;
        }

        trace = recorder.ToString();
        return execution.Failure is { } failure ? failure with { Replay = replay, Trace = trace } : null;
    }
}
