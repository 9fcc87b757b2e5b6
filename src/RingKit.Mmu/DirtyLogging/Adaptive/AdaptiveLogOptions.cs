using System.Numerics;
using RingKit.DirtyRings;

namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>How an adaptive log is made.</summary>
public sealed record AdaptiveLogOptions
{
    /// <summary>64 KiB.</summary>
    public const int FewestEntries = 4096;

    /// <summary>1 MiB: KVM's KVM_DIRTY_RING_MAX_ENTRIES, and what still fits a core's second cache. In a larger one each push is a miss, which costs a fifth of a first store.</summary>
    public const int MostEntries = 65536;

    private const ulong PagesPerEntry = 256;

    /// <summary>
    /// Entries of each vCPU's ring: a power of two, at most <see cref="DirtyRing.MaximumCapacity"/>. Null for half of the bitmap's bytes, from
    /// <see cref="FewestEntries"/> to <see cref="MostEntries"/>: 4096 for 4 GiB, 65536 from 64 GiB on.
    /// </summary>
    public int? RingEntries { get; init; }

    /// <summary>Chooses the form of each round.</summary>
    public IAdaptiveRule Rule { get; init; } = new AdaptiveRule();

    internal int EntriesFor(ulong pages) =>
        RingEntries ?? (int)BitOperations.RoundUpToPowerOf2(Math.Clamp(pages / PagesPerEntry, FewestEntries, MostEntries));
}
