namespace RingKit.DirtyRings.Resetting;

/// <summary>What a reset did.</summary>
/// <param name="Entries">Ring entries given back to the producer, duplicates and refused ones included: not a count of pages.</param>
/// <param name="Batches">Coalesced (slot, base, mask) batches among them.</param>
/// <param name="RefusedPages">Pages of those batches that lie in no slot, and were not touched.</param>
public readonly record struct ResetResult(int Entries, int Batches, int RefusedPages)
{
    /// <summary>
    /// Whether the reset was cancelled with harvested entries left, which the next one meets. A reset that stops at its maximum was not interrupted.
    /// </summary>
    public bool IsInterrupted { get; init; }

    /// <summary>What two resets did, one after the other.</summary>
    public static ResetResult operator +(ResetResult first, ResetResult second) => first.Add(second);

    /// <summary>What this reset and a later one did.</summary>
    public ResetResult Add(ResetResult later) =>
        new(Entries + later.Entries, Batches + later.Batches, RefusedPages + later.RefusedPages) { IsInterrupted = later.IsInterrupted };
}
