using RingKit.Mmu.Guest;
using RingKit.Mmu.PageTables;

namespace RingKit.Mmu.Tdp;

/// <summary>What the page table's code needs from the thread that it runs on: a vCPU that has left the guest for it, or one of the host's own.</summary>
internal interface ITdpThread : IWaitingThread
{
    /// <summary>
    /// Returns when every vCPU has left the guest, or the fault that it is in, for a moment: what it had logged is in the dirty log then, and whatever it does next
    /// sees what this thread did before. Linux: a request to all vCPUs, and SRCU's grace period.
    /// </summary>
    void Synchronize();

    /// <summary>Drops what vCPUs remember of guest frames, and does what <see cref="Synchronize"/> does.</summary>
    /// <param name="firstGfn">The first frame.</param>
    /// <param name="endGfn">The frame behind the last.</param>
    void Flush(ulong firstGfn, ulong endGfn);

    /// <summary>Records a page of a slot that is logged: the guest may write it from now on.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="offset">Page index inside the slot.</param>
    void MarkDirty(MemorySlot slot, ulong offset);
}
