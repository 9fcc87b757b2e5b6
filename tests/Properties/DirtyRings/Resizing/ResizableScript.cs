namespace RingKit.Properties.DirtyRings.Resizing;

/// <summary>What the parties of a <see cref="ResizableProgram"/> do.</summary>
/// <param name="Total">How many entries are pushed.</param>
/// <param name="Capacities">Entries of the first ring, and of those that a resize puts in its place.</param>
internal sealed record ResizableScript(int Total, params int[] Capacities)
{
    private static readonly int[] All = [int.MaxValue];

    /// <summary>Which party resizes, whenever it has a chance.</summary>
    public Resizer Resizer { get; init; }

    /// <summary>Where the indices of each ring begin.</summary>
    public uint Start { get; init; }

    /// <summary>The most that each harvest takes, over and over.</summary>
    public int[] Harvests { get; init; } = All;

    /// <summary>The most that each reset takes, over and over.</summary>
    public int[] Resets { get; init; } = All;

    /// <summary>One thread harvests and resets; else two.</summary>
    public bool IsOneConsumer { get; init; } = true;

    public override string ToString() =>
        $"push {Total} | harvest {Show(Harvests)}{(IsOneConsumer ? "," : " |")} reset {Show(Resets)}, capacities {string.Join(" ", Capacities)}"
        + $" from {Start}, resized by {Resizer}";

    private static string Show(int[] maxima) => string.Join(" ", maxima.Select(most => most == int.MaxValue ? "all" : $"{most}"));
}
