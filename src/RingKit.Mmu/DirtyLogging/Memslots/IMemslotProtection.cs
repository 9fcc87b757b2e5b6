namespace RingKit.Mmu.DirtyLogging.Memslots;

/// <summary>What a slot's log needs from the page table that maps the slot.</summary>
/// <remarks>
/// One object stands for one slot and one thread. After <see cref="Protect"/> or <see cref="ProtectAll"/> stores may still go through translations that vCPUs
/// remember; after <see cref="Flush"/> none can, and every store of before is visible. Pages are counted from the slot's first.
/// </remarks>
internal interface IMemslotProtection
{
    /// <summary>Takes the lock under which entries are protected, if there is one.</summary>
    void Enter();

    /// <summary>Gives it back.</summary>
    void Exit();

    /// <summary>Protects all pages of the slot, under the lock, which may be given back and taken again meanwhile.</summary>
    void ProtectAll();

    /// <summary>Protects the pages of a mask, under the lock, or more.</summary>
    /// <param name="firstPage">The page of bit 0, a multiple of 64.</param>
    /// <param name="mask">Not 0; no bit is beyond the slot.</param>
    void Protect(ulong firstPage, ulong mask);

    /// <summary>Splits the blocks that map these pages, under the lock, if the page table does so ahead of stores. Those that are not protected are in the log.</summary>
    void Split(ulong firstPage, ulong count);

    /// <summary>Makes vCPUs forget what they remember of the slot, without the lock.</summary>
    void Flush();

    /// <summary>Brings in the marks that the hardware of vCPUs still holds, without the lock.</summary>
    void Sync();
}
