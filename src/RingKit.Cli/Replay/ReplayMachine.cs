using RingKit.Cli.Machines;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>A machine with one vCPU and one dirty log, to which the trace happens.</summary>
internal sealed class ReplayMachine : IDisposable
{
    private readonly GuestMemory _memory = new();
    private readonly VirtualMachine _machine;
    private readonly IDirtyLog _log;
    private readonly Stage2Observer? _stage2;
    private readonly ulong[] _scratch = new ulong[GuestPage.Size / sizeof(ulong)];
    private readonly List<IntervalFigures> _intervals = [];
    private DirtyLogStatistics _atIntervalStart;
    private long _ringFullExits;

    public ReplayMachine(LogChoice log, ReplaySettings settings)
    {
        LogName = log.Name;
        Slot = _memory.AddSlot(id: 0, baseGfn: 0, settings.MemoryPages);
        _machine = log.MakeMachine(_memory, settings);
        _stage2 = Stage2Observer.Of(_machine);

        // So that there are huge pages when the log starts.
        if (_machine.Tdp is not null)
            TouchProgram.Map(_machine);
        _log = log.Make(_machine, settings);
        _log.Start();
        _atIntervalStart = _log.Statistics;
    }

    /// <summary>The log's name.</summary>
    public string LogName { get; }

    /// <summary>The guest's memory, all of it.</summary>
    public MemorySlot Slot { get; }

    /// <summary>The pages that the log reported so far in this interval; after <see cref="Harvest"/>, all of them.</summary>
    public PageSet DirtyPages { get; } = new();

    /// <summary>The intervals that have ended.</summary>
    public IReadOnlyList<IntervalFigures> Intervals => _intervals;

    /// <summary>Lets the guest do these accesses. Where the ring wants a harvest meanwhile, it gets one.</summary>
    public void Run(ReadOnlySpan<GuestAccess> accesses)
    {
        var program = new AccessProgram(accesses, _scratch);
        while (true)
        {
            switch (_machine.Vcpus[0].Run(ref program))
            {
                case VcpuExit.Halted:
                    return;
                case VcpuExit.DirtyRingFull:
                    _ringFullExits++;
                    Harvest();
                    break;
                case VcpuExit exit:
                    throw new InvalidOperationException($"The guest of the {LogName} log left with {exit}.");
            }
        }
    }

    /// <summary>Adds what was written since the last harvest to <see cref="DirtyPages"/>.</summary>
    public void Harvest()
    {
        var sink = new Sink(DirtyPages);
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
    public LogReport Finish() => new(LogName, [.. _intervals], _stage2?.Finish(_log));

    public void Dispose()
    {
        _log.Dispose();
        _machine.Dispose();
        _memory.Dispose();
    }

    private readonly struct Sink(PageSet pages) : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask) => pages.Add(slot.BaseGfn + baseOffset, mask);
    }
}
