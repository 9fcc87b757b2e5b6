using RingKit.Cli.Machines;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>How to replay a trace.</summary>
internal sealed record ReplaySettings : MachineSettings
{
    public const ulong DefaultMemory = 256UL << 20;
    public const long DefaultInterval = 100_000;

    /// <summary>The most memory of a guest that really runs: the kernel has its own books for each page.</summary>
    public const ulong MaximumRealMemory = 16UL << 30;

    /// <summary>The page table.</summary>
    public MmuChoice Mmu { get; init; } = MmuChoice.Flat;

    /// <summary>The dirty logs, each with a machine of its own.</summary>
    public IReadOnlyList<LogChoice> Logs { get; init; } = LogChoice.Flat;

    /// <summary>Stores and modifies from one harvest to the next, at least 1.</summary>
    public long Interval { get; init; } = DefaultInterval;

    /// <summary>The guest's memory in bytes: pages, at most <see cref="MachineSettings.MaximumMemory"/>.</summary>
    public ulong Memory { get; init; } = DefaultMemory;

    /// <summary>The guest's memory in pages.</summary>
    public ulong MemoryPages => Memory >> GuestPage.Shift;
}
