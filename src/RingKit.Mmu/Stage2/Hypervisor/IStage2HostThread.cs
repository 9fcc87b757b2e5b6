using RingKit.Mmu.Guest;
using RingKit.Mmu.PageTables;

namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>What the hypervisor's code needs from the thread that it runs on: a vCPU that has left the guest for it, or one of the host's own.</summary>
internal interface IStage2HostThread : IStage2Thread, IWaitingThread
{
    /// <summary>Records a page of a slot that is logged: it was mapped writable just now, or is written otherwise.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="offset">Page index inside the slot.</param>
    void MarkDirty(MemorySlot slot, ulong offset);
}
