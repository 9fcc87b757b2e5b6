using RingKit.Mmu.PageTables;
using RingKit.Ordering;

namespace RingKit.Mmu.Tdp.Hypervisor;

/// <summary>What a vCPU brings to its faults, and what the processor keeps for it.</summary>
internal sealed class TdpVcpuState<TOrdering>(TablePool<TOrdering> pool) : IDisposable
    where TOrdering : struct, IOrdering
{
    /// <summary>Tables that are ready.</summary>
    public TableCache<TOrdering> Cache { get; } = new(pool, 2 * TdpGeometry.TablesPerFault);

    /// <summary>The modification log, used if the machine has it and a slot is logged.</summary>
    public PageModificationLog<TOrdering> Log { get; } = new();

    /// <summary>What its faults came to.</summary>
    public TdpFaultCounts Counts { get; } = new();

    public void Dispose() => Cache.Dispose();
}
