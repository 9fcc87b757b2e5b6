using System.Collections.Immutable;
using RingKit.Mmu.PageTables;
using RingKit.Mmu.Stage2.Host;
using RingKit.Ordering;

namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>KVM on arm64 as far as it maps memory: slots, the stage-2 table, faults, the host's invalidations, protection for dirty logs.</summary>
/// <remarks>
/// Thread role: faults by vCPU threads, concurrently with each other and everything else; the rest by any thread, as its parts say. Slots are fixed.
/// </remarks>
internal sealed partial class Stage2HvCore<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    /// <summary>A machine's second stage, empty.</summary>
    /// <param name="options">How it is made; checked.</param>
    /// <param name="slots">The memory slots, whose frames are below the IPA size.</param>
    /// <param name="host">The process that has the memory.</param>
    public Stage2HvCore(Stage2Options options, IEnumerable<Stage2Slot> slots, HostSpace<TOrdering> host)
    {
        Stage2Options.Check(options);
        Options = options;
        Slots = [.. slots];
        Host = host;
        _splitChunk = options.EagerSplitChunk;
        var geometry = new Stage2Geometry(options.IpaBits);
        foreach (Stage2Slot slot in Slots)
        {
            if (slot.BaseIpa >= geometry.IpaSize || slot.Size > geometry.IpaSize - slot.BaseIpa)
                throw new ArgumentException($"A slot ends beyond {options.IpaBits} bits of IPA.", nameof(slots));
        }

        Table = new Stage2Core<TOrdering>(geometry, options.MaximumTables != 0 ? options.MaximumTables : TablesFor(geometry));
        _posted = new PostedTable<TOrdering>(Table, options.Defects);
    }

    /// <summary>How it is made.</summary>
    public Stage2Options Options { get; }

    /// <summary>The memory slots.</summary>
    public ImmutableArray<Stage2Slot> Slots { get; }

    /// <summary>The process that has the memory.</summary>
    public HostSpace<TOrdering> Host { get; }

    /// <summary>The page table.</summary>
    public Stage2Core<TOrdering> Table { get; }

    /// <summary>Shared by faults; alone for what frees tables or protects.</summary>
    public MmuLock<TOrdering> Lock { get; } = new();

    /// <summary>The slot of an IPA, or null.</summary>
    public Stage2Slot? FindSlot(ulong ipa)
    {
        foreach (Stage2Slot slot in Slots)
        {
            if (slot.Holds(ipa))
                return slot;
        }

        return null;
    }

    /// <summary>What a vCPU's faults need; the caller disposes it.</summary>
    public Stage2VcpuState<TOrdering> CreateVcpuState() => new(Table.Pool, 2 * Table.Geometry.TablesPerFault);

    public void Dispose()
    {
        EndSplitting();
        Table.Dispose();
        Lock.Dispose();
    }

    // As many as all slots in 4K pages can need, with one more at each end, and what vCPUs and splits hold ready.
    private int TablesFor(Stage2Geometry geometry)
    {
        ulong tables = 4096;
        foreach (Stage2Slot slot in Slots)
        {
            for (int level = geometry.StartLevel + 1; level <= Stage2Geometry.LastLevel; level++)
                tables += (slot.Size >> Stage2Geometry.ShiftAt(level - 1)) + 2;
        }

        return (int)Math.Min(tables, (ulong)TablePool<TOrdering>.MostTables);
    }
}
