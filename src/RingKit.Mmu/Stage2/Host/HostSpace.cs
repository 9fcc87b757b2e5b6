using RingKit.Ordering;

namespace RingKit.Mmu.Stage2.Host;

/// <summary>The host process that has a guest's memory: its regions, what page size stands behind each address, and the invalidations that run over it.</summary>
/// <remarks>Source: Linux's mmap regions, host page tables and mmu notifiers, as far as KVM's fault handler looks at them.</remarks>
internal sealed class HostSpace<TOrdering>
    where TOrdering : struct, IOrdering
{
}
