using RingKit.DirtyRings;

namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>How an adaptive log is made.</summary>
public sealed record AdaptiveLogOptions
{
    /// <summary>Entries of each vCPU's ring: a power of two, at most <see cref="DirtyRing.MaximumCapacity"/>.</summary>
    public int RingEntries { get; init; } = 4096;

    /// <summary>Chooses the form of each round.</summary>
    public IAdaptiveRule Rule { get; init; } = new AdaptiveRule();
}
