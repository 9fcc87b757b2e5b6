namespace RingKit.Mmu.HashTable;

/// <summary>Bugs that KVM or QEMU once had, brought back one at a time so that a test can show that it would have found them.</summary>
[Flags]
internal enum HashTableDefects
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The harvest after the vCPUs have stopped skips writable entries whose C reads 0, although a processor may still hold it.</summary>
    FinalHarvestTrustsC = 1 << 0,

    /// <summary>A changed large page is reported as one page.</summary>
    LargePageCountsOnce = 1 << 1,

    /// <summary>Adding an entry to a chain stores the whole rmap word, and wipes C of an entry that is gone.</summary>
    AddWipesChanged = 1 << 2,

    /// <summary>Of a changed large page that was removed, one page is recorded.</summary>
    RemovalForgetsSize = 1 << 3,

    /// <summary>A removal takes R and C from before the invalidation.</summary>
    RemovalReadsEarly = 1 << 4,

    /// <summary>H_PROTECT stores back R and C from before the invalidation.</summary>
    ProtectReadsEarly = 1 << 5,

    /// <summary>H_PROTECT makes an entry writable whose host page is not.</summary>
    ProtectGrantsWrite = 1 << 6,

    /// <summary>The rmap walk leaves an entry locked that has become invalid.</summary>
    WalkKeepsLock = 1 << 7,

    /// <summary>A fault in a large page adds its entry to the chain of the faulting page, not to that of the first.</summary>
    FaultChainsFaultingPage = 1 << 8,

    /// <summary>A fault does not look again whether a resize has begun.</summary>
    FaultIgnoresResize = 1 << 9,

    /// <summary>A resize takes entries in the format of ISA 3.0 for the older one.</summary>
    RehashIgnoresFormat = 1 << 10,

    /// <summary>An entry that was paged out keeps its key, so that key 31 looks like a device's.</summary>
    PageOutKeepsKey = 1 << 11,

    /// <summary>Paging out a range of pages pages out the first.</summary>
    PageOutTakesFirstPage = 1 << 12,

    /// <summary>R and C at removal go to the guest's view alone, not to the host's.</summary>
    RemovalForgetsHost = 1 << 13,

    /// <summary>A removed entry's slot is free before its tlbie has returned.</summary>
    SlotReusedEarly = 1 << 14,

    /// <summary>A harvest clears C without a tlbie.</summary>
    HarvestWithoutTlbie = 1 << 15,

    /// <summary>A harvest takes the accumulated bitmap before it looks at the entries.</summary>
    HarvestTakesRecordFirst = 1 << 16,

    /// <summary>A sweep believes C of entries that are not valid.</summary>
    SweepIgnoresValid = 1 << 17,

    /// <summary>A sweep passes over locked entries, which may be valid and changed when they are unlocked.</summary>
    SweepSkipsLocked = 1 << 18,

    /// <summary>A sweep clears C of slots that do not log.</summary>
    SweepTakesEverySlot = 1 << 19,

    /// <summary>Book3S PR's fetch forgets what was marked between its copy and its clearing.</summary>
    FetchClearsLater = 1 << 20,

    /// <summary>A host write, such as H_PAGE_INIT, leaves no mark.</summary>
    HostWriteUnmarked = 1 << 21,
}
