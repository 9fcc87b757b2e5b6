namespace RingKit.Mmu.Guest.Translation;

/// <summary>A page table: from the addresses of the vCPUs' accesses to host memory, with permission to write that a dirty log can take away.</summary>
internal interface IMmu : IDisposable
{
    /// <summary>
    /// Finds or makes the translation for an access that missed the TLB, faulting as needed. vCPU threads, concurrently with each other
    /// and with the rest. It may answer invalidations meanwhile, but none after it has looked the entry up.
    /// </summary>
    /// <param name="vcpu">The calling thread's vCPU.</param>
    /// <param name="page">The address in pages.</param>
    /// <param name="write">Whether the access stores.</param>
    /// <param name="entry">A translation that grants the access.</param>
    /// <param name="source">Its source in the page table, for <see cref="Tlb.Fill"/>.</param>
    /// <returns><see cref="VcpuExit.None"/> with an entry that grants the access, or why the vCPU has to leave the guest first.</returns>
    VcpuExit Translate(Vcpu vcpu, ulong page, bool write, out TlbEntry entry, out ulong source);

    /// <summary>Takes what a translation had pending into the page table. By the holder of the vCPU whose translation it was.</summary>
    void WriteBack(ulong source);

    /// <summary>
    /// Takes the permission to write from pages of a slot. One thread at a time. TLBs keep it until they are invalidated.
    /// </summary>
    void WriteProtect(MemorySlot slot, ulong baseOffset, ulong mask);

    /// <summary>Hears which pages are about to be protected, some dozen before they are: a hint. Page tables that lie anywhere in memory may ask for their entries now.</summary>
    void Prefetch(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        // Most page tables find an entry by way of others.
    }

    /// <summary>Takes the permission to write from all pages of a slot.</summary>
    void WriteProtectAll(MemorySlot slot);

    /// <summary>Learns that a slot is about to be logged: its flag is up, and nothing is protected yet. One thread at a time.</summary>
    void LogStarting(MemorySlot slot)
    {
        // Most page tables look at the slot's own flag.
    }

    /// <summary>Learns that all TLBs were flushed at somebody's request. Any thread.</summary>
    void TlbsFlushed();

    /// <summary>Does what is due when the log of a slot has started: all is protected, and no TLB grants what the slot grants no more. One thread at a time.</summary>
    void LogStarted(MemorySlot slot);

    /// <summary>
    /// Splits the blocks that map these pages ahead of stores, if the table does so and has blocks. Those that can be written are in the log. One thread at a time.
    /// </summary>
    void SplitBlocks(MemorySlot slot, ulong firstPage, ulong count)
    {
    }

    /// <summary>Does what is due when the log of a slot has stopped: no vCPU is in a fault that recorded. One thread at a time.</summary>
    void LogStopped(MemorySlot slot);

    /// <summary>
    /// Learns that a slot was taken from the guest: it is <see cref="MemorySlot.IsRemoved"/>. Drops what maps it, where no dirty state is lost by that. One thread at a time.
    /// </summary>
    void SlotRemoving(MemorySlot slot)
    {
        // A fault looks at the slot.
    }

    /// <summary>The same, when its dirty state was harvested.</summary>
    void SlotRemoved(MemorySlot slot)
    {
    }

    /// <summary>Learns that a slot is about to be the guest's again. One thread at a time.</summary>
    void SlotReturning(MemorySlot slot)
    {
    }

    /// <summary>A vCPU leaves the guest, if only for a moment: what its processor has recorded by itself goes to the dirty log. By the vCPU's holder.</summary>
    void Exit(Vcpu vcpu)
    {
        // Most processors record nothing.
    }

    /// <summary>Returns when all that processors had recorded by themselves is in the dirty log: KVM's <c>kvm_arch_sync_dirty_log</c>. One thread at a time.</summary>
    void BringInRecords()
    {
        // Most processors record nothing.
    }

    /// <summary>How many pages a processor may have recorded by itself when it leaves the guest.</summary>
    int RecordsPerExit => 0;
}
