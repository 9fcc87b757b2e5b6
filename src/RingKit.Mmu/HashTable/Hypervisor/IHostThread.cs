namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>What the hypervisor's code needs from the thread that it runs on: a vCPU that has left the guest for it, or one of the host's own.</summary>
internal interface IHostThread
{
    /// <summary>
    /// Waits a moment for another thread. That one may be waiting for this thread's vCPU to drop a translation, so a vCPU's thread answers
    /// such requests meanwhile.
    /// </summary>
    void Relax();

    /// <summary>
    /// Drops the translations through these entries in every vCPU. When it returns none can be used any more, what was stored through them is
    /// visible, and R and C that were still on their way are in the table (E45).
    /// </summary>
    /// <param name="indices">Indices of entries that are locked and not valid, or whose R and C alone are looked at.</param>
    void Tlbie(scoped ReadOnlySpan<ulong> indices);
}
