namespace RingKit.Mmu.Stage2;

/// <summary>What the page table's code needs from the thread that it runs on: TLB maintenance, and somebody to tell.</summary>
/// <remarks>
/// When a broadcast invalidation returns no vCPU can use what it covers any more, and no walk that began before is under way (E6). An invalidation drops every
/// entry that covers an address of it, blocks included.
/// </remarks>
internal interface IStage2Thread
{
    /// <summary>Invalidates by address in all vCPUs: TLBI IPAS2E1IS, and what combines it with the guest's own translations.</summary>
    /// <param name="ipa">The first address that the entry covers.</param>
    /// <param name="level">The entry's level: entries of others may stay. 0, where no blocks are, for no hint: those of all levels go.</param>
    void InvalidateIpa(ulong ipa, int level);

    /// <summary>Invalidates a range in all vCPUs, all levels.</summary>
    void InvalidateRange(ulong ipa, ulong size);

    /// <summary>Invalidates everything of this machine in all vCPUs: TLBI VMALLS12E1IS.</summary>
    void InvalidateAll();

    /// <summary>Invalidates by address in the vCPU that this thread runs, which is enough if others can only be stricter than the table.</summary>
    void InvalidateLocal(ulong ipa, int level);

    /// <summary>An entry was changed, by this thread, just now.</summary>
    /// <param name="ipa">The first address that the entry covers.</param>
    /// <param name="level">Its level.</param>
    /// <param name="before">What it was.</param>
    /// <param name="after">What it is.</param>
    void Changed(ulong ipa, int level, Stage2Descriptor before, Stage2Descriptor after);

    /// <summary>A table comes into use.</summary>
    void TableTaken(ulong table);

    /// <summary>A table goes back to the pool.</summary>
    void TableFreed(ulong table);
}
