using RingKit.Cli.Machines;
using RingKit.Cli.RealGuests;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>A machine with one vCPU and one dirty log, to which the trace happens.</summary>
internal sealed class ReplayMachine : IDisposable
{
    private readonly IReplayGuest _guest;
    private readonly IDirtyLog _log;
    private readonly List<IntervalFigures> _intervals = [];
    private DirtyLogStatistics _atIntervalStart;
    private long _ringFullExits;

    /// <param name="log">The log.</param>
    /// <param name="settings">How the guest is made.</param>
    /// <exception cref="Commands.CommandException">It is a real one, and this machine or this process lacks what it needs.</exception>
    /// <exception cref="GuestFailedException">It is a real one, and the kernel refuses something.</exception>
    public ReplayMachine(LogChoice log, ReplaySettings settings)
    {
        LogName = log.Name;
        _guest = log.IsReal ? new RealReplayGuest(log, settings) : new SimulatedReplayGuest(log, settings);
        _log = _guest.Log;
        _atIntervalStart = _log.Statistics;
    }

    /// <summary>The log's name.</summary>
    public string LogName { get; }

    /// <summary>The guest's memory, all of it that the trace has.</summary>
    public MemorySlot Slot => _guest.Slot;

    /// <summary>The pages that the log reported so far in this interval; after <see cref="Harvest"/>, all of them.</summary>
    public PageSet DirtyPages { get; } = new();

    /// <summary>The intervals that have ended.</summary>
    public IReadOnlyList<IntervalFigures> Intervals => _intervals;

    /// <summary>Lets the guest do these accesses. Where the ring wants a harvest meanwhile, it gets one.</summary>
    public void Run(ReadOnlySpan<GuestAccess> accesses) => _guest.Run(accesses, HarvestFullRing);

    /// <summary>Adds what was written since the last harvest to <see cref="DirtyPages"/>.</summary>
    public void Harvest()
    {
        var sink = new Sink(DirtyPages, Slot);
        _log.Harvest(ref sink);
    }

    /// <summary>Books an interval after its last <see cref="Harvest"/>, and begins the next.</summary>
    public void EndInterval(long stores)
    {
        DirtyLogStatistics now = _log.Statistics;
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
            _ringFullExits,
            cost.BytesTouched));
        _atIntervalStart = now;
        _ringFullExits = 0;
        DirtyPages.Clear();
    }

    /// <summary>Stops the log after the last interval.</summary>
    public LogReport Finish() => new(LogName, [.. _intervals], _guest.Finish());

    public void Dispose() => _guest.Dispose();

    private void HarvestFullRing()
    {
        _ringFullExits++;
        Harvest();
    }

    /// <summary>Notes pages of the slot that the trace has; a real guest's program and page tables are in another.</summary>
    private readonly struct Sink(PageSet pages, MemorySlot traced) : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
            if (slot == traced)
                pages.Add(baseOffset, mask);
        }
    }
}
