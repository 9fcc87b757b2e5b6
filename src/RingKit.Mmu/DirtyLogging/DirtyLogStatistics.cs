using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>What a dirty log has cost; all figures since it was made. Subtract an earlier one to see what an interval cost.</summary>
/// <param name="Faults">Faults that the vCPUs took, first accesses to a page included.</param>
/// <param name="Harvests">Harvests, clears included.</param>
/// <param name="HarvestTime">The time that they took, sinks included.</param>
/// <param name="Entries">What the harvests visited: ring entries, or dirty pages of a bitmap. Duplicates count.</param>
/// <param name="ResetCalls">Calls that protected pages again, of up to 64 pages each.</param>
/// <param name="RefusedPages">Pages outside every slot that harvests met and refused.</param>
/// <param name="Invalidations">TLBs flushed on behalf of the log.</param>
/// <param name="BytesTouched">Bytes of the log's own bookkeeping that harvests read.</param>
public readonly record struct DirtyLogStatistics(
    ulong Faults,
    ulong Harvests,
    TimeSpan HarvestTime,
    ulong Entries,
    ulong ResetCalls,
    ulong RefusedPages,
    ulong Invalidations,
    ulong BytesTouched)
{
    /// <summary>
    /// Pages that vCPUs recorded: one that two recorded counts twice, one that was dropped with <see cref="IDirtyLog.Clear"/> too. 0 where the page table records, over a
    /// hashed one and over shadow mappings.
    /// </summary>
    public ulong VcpuPages { get; init; }

    /// <summary>Pages in harvests that devices had written: <see cref="VirtualMachine.WriteAsDevice"/>. A vCPU may have written them too.</summary>
    public ulong DevicePages { get; init; }

    /// <summary>Pages in harvests that the host had written: <see cref="VirtualMachine.WriteAsHost"/>. A vCPU may have written them too.</summary>
    public ulong HostPages { get; init; }

    /// <summary>What came after <paramref name="earlier"/>.</summary>
    public static DirtyLogStatistics operator -(DirtyLogStatistics later, DirtyLogStatistics earlier) => new(
        later.Faults - earlier.Faults,
        later.Harvests - earlier.Harvests,
        later.HarvestTime - earlier.HarvestTime,
        later.Entries - earlier.Entries,
        later.ResetCalls - earlier.ResetCalls,
        later.RefusedPages - earlier.RefusedPages,
        later.Invalidations - earlier.Invalidations,
        later.BytesTouched - earlier.BytesTouched)
    {
        VcpuPages = later.VcpuPages - earlier.VcpuPages,
        DevicePages = later.DevicePages - earlier.DevicePages,
        HostPages = later.HostPages - earlier.HostPages,
    };
}
