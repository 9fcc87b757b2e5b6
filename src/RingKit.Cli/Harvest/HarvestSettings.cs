using RingKit.Cli.Harvest.Patterns;
using RingKit.Cli.Machines;
using RingKit.Cli.Replay;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest;

/// <summary>The grid that is measured.</summary>
internal sealed record HarvestSettings : MachineSettings
{
    public const int MaximumVcpus = 64;
    public const int DefaultMostStores = 1 << 18;

    public static readonly TimeSpan DefaultCellTime = TimeSpan.FromMilliseconds(700);

    /// <summary>The page table.</summary>
    public MmuChoice Mmu { get; init; } = MmuChoice.Flat;

    /// <summary>The dirty logs.</summary>
    public required IReadOnlyList<LogChoice> Logs { get; init; }

    /// <summary>The guests' memory in bytes: whole pages, at most <see cref="MachineSettings.MaximumMemory"/>.</summary>
    public required IReadOnlyList<ulong> Memory { get; init; }

    /// <summary>How much of it is dirty. Of a trace: the stores between two harvests.</summary>
    public required IReadOnlyList<DirtyAmount> Dirty { get; init; }

    /// <summary>How the dirty pages lie. Of a trace: that, and no other.</summary>
    public required IReadOnlyList<PagePattern> Patterns { get; init; }

    /// <summary>The most pages that a cell's guest stores to. A cell with more is measured on a guest that is smaller by a power of two, with the same part of it dirty.</summary>
    public int MostStores { get; init; } = DefaultMostStores;

    /// <summary>For about how long rounds of a cell are measured again and again: at least some are.</summary>
    public TimeSpan CellTime { get; init; } = DefaultCellTime;

    /// <summary>Whether times count: then all is run until the compiler is done, and the caches are cold when a round begins.</summary>
    public bool TimesCount { get; init; } = true;

    /// <summary>The trace that the stores come from, in place of patterns; or null.</summary>
    public TraceStores? Trace { get; init; }

    /// <summary>The trace's name, or null.</summary>
    public string? TracePath { get; init; }

    /// <summary>The cells of the grid, each of which has all logs: those of a guest and pattern are neighbours.</summary>
    public IEnumerable<GridCell> Cells =>
        from memory in Memory from pattern in Patterns from dirty in Dirty select new GridCell(memory, dirty, pattern);

    /// <summary>Whether a log's guests really run.</summary>
    public bool HasReal => Logs.Any(log => log.IsReal);

    /// <summary>How much of the host's memory the bytes of so many pages take: none worth mentioning, but where a log watches them.</summary>
    public ulong OwnBytes(ulong pages) => Logs.Any(log => log.NeedsOwnBytes) ? pages << GuestPage.Shift : 0;

    public static ulong PagesOf(ulong memory) => memory >> GuestPage.Shift;
}
