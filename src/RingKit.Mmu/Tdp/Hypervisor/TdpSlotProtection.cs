using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Ordering;

namespace RingKit.Mmu.Tdp.Hypervisor;

/// <summary>How the log of a slot protects it over x86's second level. Who starts the log has raised the slot's flag before.</summary>
/// <param name="hypervisor">The hypervisor.</param>
/// <param name="slot">The slot.</param>
/// <param name="thread">The calling thread.</param>
internal readonly ref struct TdpSlotProtection<TOrdering, TThread>(
    TdpHvCore<TOrdering> hypervisor, TdpSlot<TOrdering> slot, ref TThread thread) : IMemslotProtection
    where TOrdering : struct, IOrdering
    where TThread : struct, ITdpThread
{
    private readonly ref TThread _thread = ref thread;

    public void Enter() => hypervisor.Lock.Enter(ref _thread);

    public void Exit() => hypervisor.Lock.Exit();

    public void ProtectAll() => hypervisor.ProtectSlot(slot);

    public void Protect(ulong firstPage, ulong mask) => hypervisor.ProtectMasked(slot, firstPage, mask);

    /// <summary>Nothing: x86 splits before it protects, so that of 512 pages only those of the mask lose anything.</summary>
    public void Split(ulong firstPage, ulong count)
    {
    }

    public void Flush() => hypervisor.FlushSlot(ref _thread, slot);

    public void Sync() => _thread.Synchronize();
}
