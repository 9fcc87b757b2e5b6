namespace RingKit.Interleaving;

/// <summary>What to explore, and how far.</summary>
public sealed record ExplorationOptions
{
    /// <summary>All executions, reduced, no bound, up to the first failure.</summary>
    public static ExplorationOptions Default { get; } = new();

    /// <summary>Which executions are left out, since others show the same.</summary>
    public Reduction Reduction { get; init; } = Reduction.PartialOrder;

    /// <summary>
    /// How often an execution may switch away from a thread that could go on; null for no bound. A bound needs all orders within it: it
    /// turns the reduction off.
    /// </summary>
    public int? PreemptionBound { get; init; }

    /// <summary>An execution of more steps than this is a failure: something does not end.</summary>
    public int MaximumSteps { get; init; } = 2_000;

    /// <summary>After so many executions the exploration ends, incomplete. Redundant ones count.</summary>
    public long MaximumExecutions { get; init; } = long.MaxValue;

    /// <summary>Whether the first failure ends the exploration. Otherwise failures are counted, and the first is described.</summary>
    public bool StopAtFailure { get; init; } = true;

    /// <summary>The one call site that is weaker than it is written; null for none.</summary>
    public Mutant? Mutant { get; init; }
}
