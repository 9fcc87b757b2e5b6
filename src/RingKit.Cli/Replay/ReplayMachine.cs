using RingKit.Cli.Machines;
using RingKit.Cli.RealGuests;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>A guest with one vCPU and one dirty log, to which the trace happens.</summary>
/// <param name="logName">The log's name.</param>
internal abstract class ReplayMachine(string logName) : IDisposable
{
    private readonly List<IntervalFigures> _intervals = [];
    private DirtyLogStatistics _atIntervalStart;

    /// <summary>The log's name.</summary>
    public string LogName => logName;

    /// <summary>The guest's memory, all of it that the trace may store to.</summary>
    public abstract MemorySlot Slot { get; }

    /// <summary>The pages that the log reported so far in this interval, from the slot's first on; after <see cref="Harvest"/>, all of them.</summary>
    public PageSet DirtyPages { get; } = new();

    /// <summary>The intervals that have ended.</summary>
    public IReadOnlyList<IntervalFigures> Intervals => _intervals;

    private protected abstract IDirtyLog Log { get; }

    /// <summary>How often in this interval the vCPU left the guest for a full ring.</summary>
    private protected long RingFullExits { get; set; }

    /// <summary>Makes one for a log, simulated or real.</summary>
    public static ReplayMachine Of(LogChoice log, ReplaySettings settings) =>
        log.RealForm is { } form ? new RealReplayMachine(log.Name, form, settings) : new SimulatedReplayMachine(log, settings);

    /// <summary>Lets the guest do these accesses. Where the ring wants a harvest meanwhile, it gets one.</summary>
    public abstract void Run(ReadOnlySpan<GuestAccess> accesses);

    /// <summary>Adds what was written since the last harvest to <see cref="DirtyPages"/>.</summary>
    public abstract void Harvest();

    /// <summary>Books an interval after its last <see cref="Harvest"/>, and begins the next.</summary>
    public virtual void EndInterval(long stores)
    {
        DirtyLogStatistics now = Log.Statistics;
        DirtyLogStatistics cost = now - _atIntervalStart;
        _intervals.Add(new IntervalFigures(
            _intervals.Count,
            stores,
            DirtyPages.Count,
            cost.Faults,
            cost.Invalidations,
            cost.HarvestTime,
            cost.ResetCalls,
            cost.Entries,
            RingFullExits,
            cost.BytesTouched));
        BeginIntervals();
        DirtyPages.Clear();
    }

    /// <summary>Stops the log after the last interval.</summary>
    public virtual LogReport Finish() => new(LogName, [.. _intervals]);

    public abstract void Dispose();

    /// <summary>The log is on: what it costs is the next interval's from here on.</summary>
    private protected void BeginIntervals() => (_atIntervalStart, RingFullExits) = (Log.Statistics, 0);
}
