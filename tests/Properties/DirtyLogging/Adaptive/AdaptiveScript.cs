using RingKit.Mmu.DirtyLogging.Adaptive;

namespace RingKit.Properties.DirtyLogging.Adaptive;

/// <summary>What the vCPUs of an <see cref="AdaptiveLogProgram"/> store to, and where its harvests move.</summary>
/// <param name="RingEntries">Entries of each ring.</param>
/// <param name="Forms">The form after each harvest: so many harvests.</param>
/// <param name="Stores">For each vCPU the pages that it stores to.</param>
internal sealed record AdaptiveScript(int RingEntries, DirtyLogForm[] Forms, params int[][] Stores)
{
    /// <summary>Where the log is before the first harvest.</summary>
    public DirtyLogForm First { get; init; } = DirtyLogForm.Ring;

    /// <summary>Whether a harvest that moves forgets what a vCPU may record in the old form.</summary>
    public bool ForgetsOldForm { get; init; }

    /// <summary>Which batch of pages the harvests' target refuses, counted over all of them; -1 for none.</summary>
    public int FailingBatch { get; init; } = -1;

    public override string ToString() =>
        $"{RingEntries} entries, {First} {string.Join(' ', Forms)} | {string.Join(" | ", Stores.Select(pages => string.Join(' ', pages)))} {ForgetsOldForm} {FailingBatch}";
}
