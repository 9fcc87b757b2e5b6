namespace RingKit.Properties.DirtyRings.IndexPublished;

/// <summary>What the parties of an <see cref="IndexPublishedProgram{TIndexing}"/> do.</summary>
/// <param name="Capacity">Entries of the ring.</param>
/// <param name="Totals">How many entries each producer pushes. More than one producer take turns under the lock.</param>
internal sealed record IndexPublishedScript(int Capacity, params int[] Totals)
{
    private static readonly int[] All = [int.MaxValue];

    /// <summary>Where the indices begin.</summary>
    public uint Start { get; init; }

    /// <summary>The most that each harvest takes, over and over; a negative one is a borrow and a release.</summary>
    public int[] Harvests { get; init; } = All;

    /// <summary>The most that each reset takes, over and over.</summary>
    public int[] Resets { get; init; } = All;

    /// <summary>One thread harvests and resets, as a dirty-log ioctl does; else two.</summary>
    public bool IsOneConsumer { get; init; } = true;

    /// <summary>The indices lie where others may write them, and are checked.</summary>
    public bool IsForeign { get; init; }

    /// <summary>The consumer begins by forging avail_index, and the producer stays until all is reset.</summary>
    public bool IsForged { get; init; }

    /// <summary>One more thread asks how full the ring is.</summary>
    public bool IsObserved { get; init; }

    public override string ToString() =>
        $"push {string.Join(" | push ", Totals)} | harvest {Show(Harvests)}{(IsOneConsumer ? "," : " |")} reset {Show(Resets)}"
        + $"{(IsObserved ? " | used" : "")}, capacity {Capacity} from {Start}{(IsForeign ? ", foreign" : "")}{(IsForged ? ", forged" : "")}";

    private static string Show(int[] maxima) => string.Join(" ", maxima.Select(most => most == int.MaxValue ? "all" : $"{most}"));
}
