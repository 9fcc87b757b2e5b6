namespace RingKit.Interleaving;

/// <summary>What an exploration found.</summary>
public sealed class ExplorationResult
{
    internal ExplorationResult(string program) => Program = program;

    /// <summary>The program's name.</summary>
    public string Program { get; }

    /// <summary>Executions that ran to their end or to a failure.</summary>
    public long Executions { get; internal set; }

    /// <summary>Executions that were cut off, since others show the same.</summary>
    public long Redundant { get; internal set; }

    /// <summary>Atomic steps in all of them.</summary>
    public long Steps { get; internal set; }

    /// <summary>Executions that failed.</summary>
    public long Failures { get; internal set; }

    /// <summary>Those that failed by a data race.</summary>
    public long Races { get; internal set; }

    /// <summary>Whether no execution is left within the options' bounds.</summary>
    public bool IsComplete { get; internal set; }

    /// <summary>How often each outcome was seen among the executions without failure.</summary>
    public SortedDictionary<string, long> Outcomes { get; } = new(StringComparer.Ordinal);

    /// <summary>The first failure, or null.</summary>
    public Failure? Failure { get; internal set; }

    /// <summary>The time that it took.</summary>
    public TimeSpan Elapsed { get; internal set; }

    /// <summary>Throws if an execution failed.</summary>
    /// <exception cref="ExplorationFailedException">It did. The message holds the trace.</exception>
    public ExplorationResult ThrowIfFailed() =>
        Failure is null ? this : throw new ExplorationFailedException($"{Program}, execution {Executions + Redundant}: {Failure}");

    /// <inheritdoc/>
    public override string ToString()
    {
        string outcomes = string.Join("; ", Outcomes.Select(pair => $"{pair.Key}: {pair.Value}"));
        return $"{Program}: {Executions} executions{(IsComplete ? "" : " (not all)")}, {Redundant} redundant, {Steps} steps,"
            + $" {Failures} failures, {Elapsed.TotalMilliseconds:F0} ms{(outcomes.Length == 0 ? "" : $"; {outcomes}")}";
    }
}
