namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>What KVM_RESET_DIRTY_RINGS answered, and what KVM does not tell.</summary>
/// <param name="Error"><see cref="Errno.Invalid"/> without rings.</param>
/// <param name="Entries">Entries that were given back, duplicates and refused ones included: never a count of pages. All that KVM tells.</param>
public readonly record struct KvmReset(Errno Error, int Entries)
{
    /// <summary>Whether a signal ended it, so that there may be more to reset. KVM tells the entries alone.</summary>
    public bool IsInterrupted { get; init; }

    /// <summary>Pages that were refused: they lie outside every slot, or share a batch with such a one.</summary>
    public int RefusedPages { get; init; }

    /// <summary>Pages whose entries are given back and which are not protected again: <see cref="KvmFidelity.SignalLosesBatch"/>.</summary>
    public int UnprotectedPages { get; init; }
}
