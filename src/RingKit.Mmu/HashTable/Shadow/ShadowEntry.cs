namespace RingKit.Mmu.HashTable.Shadow;

/// <summary>What a vCPU keeps of a translation that is in the host's table for it. Under the lock of the vCPU's cache.</summary>
internal struct ShadowEntry
{
    /// <summary>The effective address's page.</summary>
    public ulong Page;

    /// <summary>The guest's frame.</summary>
    public ulong Gfn;

    /// <summary>Whether the guest may store through it; then its frame was marked when it was made.</summary>
    public uint MayWrite;

    /// <summary>The next entry in the list by page, or in that of free entries, plus 1; 0 at the end.</summary>
    public uint NextByPage;

    /// <summary>The next entry in the list by groups of pages, plus 1.</summary>
    public uint NextByGroup;

    /// <summary>The one before, plus 1; 0 at the start.</summary>
    public uint PreviousByGroup;
}
