namespace RingKit.Mmu.PageTables;

/// <summary>A thread that may have to wait: a vCPU that has left the guest, or one of the host's own.</summary>
internal interface IWaitingThread
{
    /// <summary>Waits a moment for another thread. That one may wait for this thread's vCPU to drop a translation, so a vCPU's thread answers such requests meanwhile.</summary>
    void Relax();
}
