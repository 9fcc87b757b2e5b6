using System.Runtime.CompilerServices;
using RingKit.Cli.Machines;
using RingKit.Cli.Traces;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>Replays a trace on a machine for each dirty log, and compares what the logs report with what the trace did.</summary>
internal sealed class TraceReplay : IDisposable
{
    private const int BatchSize = 4096;
    private const ulong RehearsalMemory = 16 << 20;

    private readonly ReplaySettings _settings;
    private readonly ReplayMachine[] _machines;
    private readonly FrameMap _frames;
    private readonly TraceAccess[] _batch = new TraceAccess[BatchSize];

    // Twice: an access may cross a page boundary, and neighbouring pages need not have neighbouring frames. Longer ones do not exist.
    private readonly GuestAccess[] _accesses = new GuestAccess[2 * BatchSize];
    private readonly PageSet _stored = new();
    private readonly PageSet _storedInInterval = new();
    private int _pending;
    private long _storesInInterval;
    private long _instructions;
    private long _loads;
    private long _stores;
    private long _modifies;

    /// <exception cref="OutOfMemoryException">There is no such memory.</exception>
    /// <exception cref="Commands.CommandException">The guests are real ones, and this machine or this process lacks what they need.</exception>
    /// <exception cref="RealGuests.GuestFailedException">The guests are real ones, and the kernel refuses something.</exception>
    public TraceReplay(ReplaySettings settings)
    {
        _settings = settings;
        _frames = new FrameMap(settings.MemoryPages);
        foreach (LogChoice log in settings.Logs)
            Rehearse(log, settings);
        _machines = Make(settings);
    }

    /// <summary>The machines, one for each log of the settings.</summary>
    public IReadOnlyList<ReplayMachine> Machines => _machines;

    /// <summary>Which frames the traced program's pages got.</summary>
    public FrameMap Frames => _frames;

    /// <summary>Called at an interval's end for each machine: its <see cref="ReplayMachine.DirtyPages"/> are the interval's.</summary>
    public Action<ReplayMachine>? Harvested { get; init; }

    /// <summary>Replays the trace to its end.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="batchDone">Called now and then.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <exception cref="TraceException">The trace cannot be read, or touches more pages than the guest has.</exception>
    /// <exception cref="LogsDisagreeException">A log reported other pages than the trace stored to.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public ReplayReport Run(LackeyReader trace, Action? batchDone = null, CancellationToken cancellation = default)
    {
        for (int count; (count = trace.Read(_batch)) > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            Replay(trace, _batch.AsSpan(0, count));
            batchDone?.Invoke();
        }

        if (_storesInInterval > 0)
            EndInterval(trace);
        return new ReplayReport(
            new TraceTotals(_instructions, _loads, _stores, _modifies, _stored.Count),
            _settings.Mmu.Name,
            [.. _machines.Select(machine => machine.Finish())]);
    }

    public void Dispose()
    {
        foreach (ReplayMachine machine in _machines)
            machine.Dispose();
    }

    // All, or none.
    private static ReplayMachine[] Make(ReplaySettings settings)
    {
        var machines = new List<ReplayMachine>();
        try
        {
            foreach (LogChoice log in settings.Logs)
                machines.Add(new ReplayMachine(log, settings));
            return [.. machines];
        }
        catch
        {
            machines.ForEach(machine => machine.Dispose());
            throw;
        }
    }

    // Once through the whole path, on a guest large enough for the scan to use its vectors: so that the first interval's harvest time is not
    // that of the JIT compiler.
    private static void Rehearse(LogChoice log, ReplaySettings settings)
    {
        using var machine = new ReplayMachine(log, settings with { Memory = RehearsalMemory });
        machine.Run([new GuestAccess(Gpa: 0, Data: 0, Size: 8, TraceAccessKind.Store)]);
        machine.Harvest();
    }

    private void Replay(LackeyReader trace, ReadOnlySpan<TraceAccess> batch)
    {
        foreach (ref readonly TraceAccess access in batch)
        {
            ulong firstBytes = GuestPage.Size - (access.Address & GuestPage.OffsetMask);
            if (access.Size <= firstBytes)
            {
                Add(trace, in access, access.Address, access.Size, firstByte: 0);
            }
            else
            {
                Add(trace, in access, access.Address, (int)firstBytes, firstByte: 0);
                Add(trace, in access, access.Address + firstBytes, access.Size - (int)firstBytes, firstByte: (int)firstBytes);
            }

            Count(trace, access.Kind);
        }

        RunPending();
    }

    // Adds an access, or the part of it that lies in one page, to what the machines are going to do.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add(LackeyReader trace, in TraceAccess access, ulong address, int size, int firstByte)
    {
        if (!_frames.TryGetFrame(address >> GuestPage.Shift, out ulong gfn))
            ThrowOutOfFrames(trace, access.Line);

        // The fetch made the page the guest's; the TLB of a vCPU here is one for data.
        if (access.Kind == TraceAccessKind.Instruction)
            return;

        ulong gpa = gfn << GuestPage.Shift | address & GuestPage.OffsetMask;
        ulong data = 0;
        if (access.Kind != TraceAccessKind.Load)
        {
            _storedInInterval.Add(gfn);
            data = StoreData.Eight((ulong)(_stores + _modifies + 1), firstByte);
        }

        _accesses[_pending++] = new GuestAccess(gpa, data, (ushort)size, access.Kind);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Count(LackeyReader trace, TraceAccessKind kind)
    {
        switch (kind)
        {
            case TraceAccessKind.Instruction:
                _instructions++;
                return;
            case TraceAccessKind.Load:
                _loads++;
                return;
            case TraceAccessKind.Store:
                _stores++;
                break;
            default:
                _modifies++;
                break;
        }

        if (++_storesInInterval == _settings.Interval)
            EndInterval(trace);
    }

    private void RunPending()
    {
        foreach (ReplayMachine machine in _machines)
            machine.Run(_accesses.AsSpan(0, _pending));
        _pending = 0;
    }

    private void EndInterval(LackeyReader trace)
    {
        RunPending();
        foreach (ReplayMachine machine in _machines)
        {
            machine.Harvest();
            Compare(trace, machine);
            Harvested?.Invoke(machine);
            machine.EndInterval(_storesInInterval);
        }

        _stored.UnionWith(_storedInInterval);
        _storedInInterval.Clear();
        _storesInInterval = 0;
    }

    private void Compare(LackeyReader trace, ReplayMachine machine)
    {
        if (_storedInInterval.FirstDifference(machine.DirtyPages) is not { } gfn)
            return;

        string relation = _storedInInterval.Contains(gfn)
            ? "misses a page that the trace stored to"
            : "has a page that the trace did not store to";
        string where = _frames.PageOf(gfn) is { } page
            ? string.Create(CultureInfo.InvariantCulture, $"address 0x{page << GuestPage.Shift:x}")
            : "never touched";
        throw new LogsDisagreeException(string.Create(
            CultureInfo.InvariantCulture,
            $"{trace.Name}: interval {machine.Intervals.Count}: the {machine.LogName} log {relation}: guest frame {gfn}, {where}"));
    }

    private void ThrowOutOfFrames(LackeyReader trace, long line)
    {
        string holds = string.Create(CultureInfo.InvariantCulture, $"{_settings.MemoryPages} of {GuestPage.Size / 1024} KiB");
        throw new TraceException(trace.Name, line, $"the trace touches more pages than --memory holds ({holds}): give it more, at most 1T");
    }
}
