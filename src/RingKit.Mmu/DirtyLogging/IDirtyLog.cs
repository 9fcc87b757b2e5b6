using RingKit.Mmu.DirtyLogging.Phases;
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

    /// <summary>Bytes of memory that it keeps to record pages in. What belongs to the page table is not among them.</summary>
    ulong BookkeepingBytes => 0;

    /// <summary>
    /// Starts to log all slots: every page is protected, so that its next first write is recorded. Of a log that is on already, some forget what was not
    /// harvested.
    /// </summary>
    void Start();

    /// <summary>Stops logging and forgets what was not harvested, and what a <see cref="DirtyHarvest"/> from before puts back later. Pages become writable again as they are written.</summary>
    void Stop();

    /// <summary>
    /// Hands the pages written since the last harvest to the sink and protects them again. When it returns, the contents of every page that it
    /// handed over can be read: a later store to one of them is in the next harvest.
    /// </summary>
    /// <param name="sink">Takes the pages. If it throws, the pages that it did not take are in the next harvest.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    void Harvest<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink;

    /// <summary>
    /// Takes the pages written since the last harvest, and those put back since, and protects them again: a harvest in two phases, for transfers that may fail.
    /// </summary>
    /// <returns>The pages, until they are confirmed or put back. Several may be held at a time.</returns>
    /// <exception cref="OutOfMemoryException">There is no memory for the pages, which are in the next harvest.</exception>
    DirtyHarvest Take();

    /// <summary>Puts pages back that a harvest has handed out: the next one has them, with what was written since.</summary>
    /// <param name="slot">A slot of the machine. If it is not being logged, nothing happens.</param>
    /// <param name="baseOffset">Page index inside the slot.</param>
    /// <param name="mask">Bit i stands for page <paramref name="baseOffset"/> + i.</param>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The slot does not have these pages; nothing was put back.</exception>
    void PutBack(MemorySlot slot, ulong baseOffset, ulong mask);

    /// <summary>Forgets the pages written and put back so far, and protects them again. Pages that a <see cref="DirtyHarvest"/> holds stay with it.</summary>
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
