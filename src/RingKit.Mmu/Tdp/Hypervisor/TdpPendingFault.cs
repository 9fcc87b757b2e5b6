namespace RingKit.Mmu.Tdp.Hypervisor;

/// <summary>A fault that needs the lock.</summary>
/// <param name="Slot">Its slot.</param>
/// <param name="Access">The access.</param>
/// <param name="Sequence">Invalidations that had ended when it began.</param>
internal readonly record struct TdpPendingFault<TOrdering>(TdpSlot<TOrdering> Slot, TdpAccess Access, ulong Sequence)
    where TOrdering : struct, RingKit.Ordering.IOrdering;
