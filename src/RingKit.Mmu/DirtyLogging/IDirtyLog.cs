using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>Knows which guest pages were written since it was last asked.</summary>
/// <remarks>
/// Thread role: <see cref="CanRecord"/>, <see cref="Record"/> and <see cref="NeedsHarvest"/> by the vCPU that they name, on its thread; the others by any
/// thread, one after the other, while vCPUs run.
/// </remarks>
public interface IDirtyLog : IDisposable
{
    /// <summary>The name by which commands and reports call it.</summary>
    string Name { get; }

    /// <summary>What the log has cost so far.</summary>
    DirtyLogStatistics Statistics { get; }

    /// <summary>Starts to log all slots: every page is protected, so that its next first write is recorded.</summary>
    void Start();

    /// <summary>Stops logging and forgets what was not harvested. Pages become writable again as they are written.</summary>
    void Stop();

    /// <summary>
    /// Hands the pages written since the last harvest to the sink and protects them again. When it returns, the contents of every page that it
    /// handed over can be read: a later store to one of them is in the next harvest.
    /// </summary>
    /// <param name="sink">Takes the pages. If it throws, the pages that it did not take are in the next harvest.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    void Harvest<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink;

    /// <summary>Forgets the pages written so far, and protects them again.</summary>
    void Clear();

    /// <summary>Whether the vCPU's next <see cref="Record"/> finds room. Only the vCPU's own records take it away.</summary>
    /// <param name="vcpu">The calling thread's vCPU.</param>
    bool CanRecord(Vcpu vcpu);

    /// <summary>Records that a page is about to be written for the first time since it was protected.</summary>
    /// <param name="vcpu">The calling thread's vCPU.</param>
    /// <param name="slot">A slot that is being logged.</param>
    /// <param name="offset">Page index inside the slot.</param>
    /// <exception cref="InvalidOperationException">There is no room: <see cref="CanRecord"/> was not asked.</exception>
    void Record(Vcpu vcpu, MemorySlot slot, ulong offset);

    /// <summary>Whether the vCPU should leave the guest until the log was harvested.</summary>
    /// <param name="vcpu">The calling thread's vCPU.</param>
    bool NeedsHarvest(Vcpu vcpu);
}
