namespace RingKit.Mmu.Guest;

/// <summary>A second level of translation: guest frames to host memory, with permission to write that a dirty log can take away.</summary>
internal interface IMmu : IDisposable
{
    /// <summary>
    /// Finds or makes the translation for an access that missed the TLB, faulting as needed. vCPU threads, concurrently with each other
    /// and with the rest.
    /// </summary>
    /// <returns><see cref="VcpuExit.None"/> with an entry that grants the access, or why the vCPU has to leave the guest first.</returns>
    VcpuExit Translate(Vcpu vcpu, ulong gfn, bool write, out TlbEntry entry);

    /// <summary>
    /// Takes the permission to write from pages of a slot. One thread at a time. TLBs keep it until they are invalidated.
    /// </summary>
    void WriteProtect(MemorySlot slot, ulong baseOffset, ulong mask);

    /// <summary>The same for all pages of a slot.</summary>
    void WriteProtectAll(MemorySlot slot);
}
