using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Ordering;

namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>How the log of a slot protects it over stage 2.</summary>
/// <param name="hypervisor">The hypervisor.</param>
/// <param name="slot">The slot.</param>
/// <param name="thread">The calling thread.</param>
internal readonly ref struct Stage2SlotProtection<TOrdering, TThread>(
    Stage2HvCore<TOrdering> hypervisor, Stage2Slot slot, ref TThread thread) : IMemslotProtection
    where TOrdering : struct, IOrdering
    where TThread : struct, IStage2HostThread
{
    private readonly ref TThread _thread = ref thread;

    public void Enter() => hypervisor.Lock.Enter(ref _thread);

    public void Exit() => hypervisor.Lock.Exit();

    public void ProtectAll() => hypervisor.ProtectSlot(ref _thread, slot);

    public void Protect(ulong firstPage, ulong mask) => hypervisor.ProtectMasked(ref _thread, slot, firstPage, mask);

    public void Split(ulong firstPage, ulong count) => hypervisor.SplitAhead(ref _thread, slot, firstPage, count);

    public void Flush() => hypervisor.FlushSlot(ref _thread, slot);

    /// <summary>Nothing: stage 2's vCPUs buffer no marks.</summary>
    public void Sync()
    {
    }
}
