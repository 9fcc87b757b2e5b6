using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Stage2.Host;

/// <summary>How a region of the host process is made.</summary>
/// <param name="Address">Its first address, a multiple of 4096.</param>
/// <param name="Size">In bytes, a multiple of 4096, not 0.</param>
internal sealed record HostRegionSettings(ulong Address, ulong Size)
{
    /// <summary>What stands behind it.</summary>
    public HostRegionKind Kind { get; init; } = HostRegionKind.Anonymous;

    /// <summary>Whether anonymous memory gets transparent huge pages when it is touched first.</summary>
    public bool HasHugePages { get; init; } = true;

    /// <summary>Whether the process may write: VM_WRITE.</summary>
    public bool IsWritable { get; init; } = true;

    /// <summary>Whether a <see cref="HostRegionKind.PfnMapped"/> region is mapped cacheable; other regions are.</summary>
    public bool IsCacheable { get; init; }

    /// <summary>The physical address of the first byte where pages have not moved; 0 for one that the space chooses.</summary>
    public ulong PhysicalAddress { get; init; }

    /// <summary>Whose bytes the region shows, or null.</summary>
    public MemorySlot? Memory { get; init; }

    /// <summary>The address of the memory's first byte, if it is not the region's.</summary>
    public ulong? MemoryAddress { get; init; }
}
