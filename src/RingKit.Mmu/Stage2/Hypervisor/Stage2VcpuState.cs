using RingKit.Mmu.PageTables;
using RingKit.Ordering;

namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>What the fault handler keeps for a vCPU: its tables for the next faults, and its counts.</summary>
/// <remarks>Thread role: the vCPU's thread; others read the counts when the vCPU is outside the guest.</remarks>
internal sealed class Stage2VcpuState<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    public Stage2VcpuState(TablePool<TOrdering> pool, int tables) => Cache = new TableCache<TOrdering>(pool, tables);

    /// <summary>Tables for the next faults.</summary>
    public TableCache<TOrdering> Cache { get; }

    /// <summary>What its faults were.</summary>
    public Stage2FaultCounts Counts;

    public void Dispose() => Cache.Dispose();
}
