using System.Diagnostics;
using RingKit.Cli.Commands;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Harvest.Guests;
using RingKit.Cli.Machines;
using RingKit.Cli.Replay;

namespace RingKit.Cli.Harvest.ByTrace;

/// <summary>Measures a trace, cell by cell, and in each cell log by log: the guest does all its stores, and every so many of them a harvest follows.</summary>
/// <remarks>What a round finds in the caches is what the trace has left there: no other memory is read in between.</remarks>
internal sealed class TraceGrid(HarvestSettings settings) : IDisposable
{
    private const int MostPasses = 15;

    private readonly TraceStores _trace = settings.Trace!;
    private readonly HarvestedPages _harvested = new();
    private GuestMachines? _machines;

    /// <summary>Measures all.</summary>
    /// <param name="watcher">Hears of it, if there is one.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="CommandException">No cell can be measured; the message says why.</exception>
    /// <exception cref="LogsDisagreeException">A log reported other pages than the guest stored to.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public HarvestReport Run(IHarvestWatcher? watcher = null, CancellationToken cancellation = default)
    {
        GridCell[] grid = [.. settings.Cells];
        LeftOut[] leftOut = [.. grid.Select(WhyNot).OfType<LeftOut>()];
        if (leftOut.Length == grid.Length)
            throw new CommandException($"{leftOut[0].Option}: no cell can be measured; {Describe(leftOut[0].Cell)}: {leftOut[0].Reason}");

        watcher?.Begin(settings);
        List<LogCell> cells = [];
        for (int i = 0; i < grid.Length; i++)
        {
            if (!leftOut.Any(left => left.Cell == grid[i]))
                cells.AddRange(Measure(grid[i], isFirst: cells.Count == 0, cancellation));
            watcher?.Measured((i + 1.0) / grid.Length);
            if (i + 1 == grid.Length || !grid[i].IsBeside(grid[i + 1]))
                watcher?.End([.. cells.Where(cell => cell.Cell.IsBeside(grid[i]))]);
        }

        return new HarvestReport(settings, cells, leftOut);
    }

    public void Dispose() => _machines?.Dispose();

    private static string Describe(GridCell cell) => $"{MemorySize.Format(cell.Memory)}, {cell.Dirty}";

    private LeftOut? WhyNot(GridCell cell)
    {
        ulong pages = HarvestSettings.PagesOf(cell.Memory);
        ulong needed = settings.OwnBytes(pages) + PageTableMemory.For(settings.Mmu, pages, (ulong)_trace.DistinctPages);
        return needed <= PageTableMemory.Most ? null : new LeftOut(cell, "--memory", PageTableMemory.Refusal(settings.Mmu, needed));
    }

    private IEnumerable<LogCell> Measure(GridCell cell, bool isFirst, CancellationToken cancellation)
    {
        GuestMachines machines = MachinesOf(HarvestSettings.PagesOf(cell.Memory));
        var rounds = new TraceRounds(_trace, cell.Dirty.Stores);
        TraceSamples[] samples = [.. settings.Logs.Select(log => new TraceSamples(log))];
        try
        {
            if (isFirst && settings.TimesCount)
                Rehearsal.Repeat(() => Array.ForEach(samples, log => Pass(log, Rehearsal.TimeOfLog)), cancellation);

            // What is touched is brought into being by a pass that does not count.
            long start = Stopwatch.GetTimestamp();
            Array.ForEach(samples, log => Pass(log, TimeSpan.MaxValue));
            int most = settings.TimesCount ? MostPasses : 1;

            // A long trace is gone through once, and once before that.
            for (int pass = 0; pass == 0 || (pass < most && Stopwatch.GetElapsedTime(start) < settings.CellTime); pass++)
            {
                // None is always behind the same one.
                foreach (TraceSamples log in pass % 2 == 0 ? samples : samples.AsEnumerable().Reverse())
                    log.Add(Pass(log, TimeSpan.MaxValue));
            }
        }
        catch (LogsDisagreeException e)
        {
            throw new LogsDisagreeException($"{settings.TracePath}: {Describe(cell)}: {e.Message}");
        }

        return samples.Select(log => log.CellOf(cell, rounds.Count, (double)_trace.Count / rounds.Count));

        CellCosts Pass(TraceSamples log, TimeSpan most) => log.Pass(
            new LoggedGuest(machines.For(log.Choice, settings.Mmu == MmuChoice.Hash), log.Choice, settings, rounds, _harvested, otherMemory: null, cancellation),
            rounds, _harvested, machines.Pages, most, cancellation);
    }

    private GuestMachines MachinesOf(ulong pages)
    {
        if (_machines?.Pages == pages)
            return _machines;
        _machines?.Dispose();
        return _machines = new GuestMachines(pages, settings);
    }
}
