using System.Diagnostics;
using RingKit.Cli.Commands;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Harvest.Guests;
using RingKit.Cli.Harvest.Patterns;
using RingKit.Cli.Machines;
using RingKit.Cli.RealGuests;
using RingKit.Cli.Replay;
using RingKit.Kvm.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest;

/// <summary>Measures a grid, cell by cell, and in each cell log by log.</summary>
internal sealed class HarvestGrid(HarvestSettings settings) : IDisposable
{
    // Up to so many stores a round is too short to stand for itself, and others beside it.
    private const int FewStores = 20_000;
    private const int ManyStores = 100_000;
    private const int LeastPasses = 2;
    private const int MostPasses = 6;

    private const int MostTimesUsual = 4;
    private const int CellsOfPatience = 30;

    private readonly Dictionary<(string Log, ulong Memory), ulong> _bookkeeping = [];
    private readonly HarvestedPages _harvested = new();
    private readonly OtherMemory? _otherMemory = settings.TimesCount ? new() : null;
    private GuestMachines? _machines;

    // What cells whose costs are uncertain may take beyond their time, all together.
    private TimeSpan _patience = settings.CellTime * CellsOfPatience;

    /// <summary>Measures all.</summary>
    /// <param name="watcher">Hears of it, if there is one.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="CommandException">No cell can be measured; the message says why.</exception>
    /// <exception cref="LogsDisagreeException">A log reported other pages than the guest stored to.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public HarvestReport Run(IHarvestWatcher? watcher = null, CancellationToken cancellation = default)
    {
        GridCell[] grid = [.. settings.Cells];
        List<LogCell> cells = [];
        LeftOut[] leftOut = [.. grid.Select(WhyNot).OfType<LeftOut>()];
        if (leftOut.Length == grid.Length)
            throw new CommandException($"{leftOut[0].Option}: no cell can be measured; {Describe(leftOut[0].Cell)}: {leftOut[0].Reason}");
        if (settings.TimesCount)
            Rehearse(cancellation);
        watcher?.Begin(settings);
        for (int i = 0; i < grid.Length; i++)
        {
            if (!leftOut.Any(left => left.Cell == grid[i]))
                Measure(grid[i], cells, cancellation);
            watcher?.Measured((i + 1.0) / grid.Length);
            if (i + 1 == grid.Length || !grid[i].IsBeside(grid[i + 1]))
                watcher?.End([.. cells.Where(cell => cell.Cell.IsBeside(grid[i]))]);
        }

        return new HarvestReport(settings, cells, leftOut);
    }

    public void Dispose() => DropMachines();

    private bool Populates => settings.Mmu == MmuChoice.Hash;

    private void Rehearse(CancellationToken cancellation)
    {
        Rehearsal.Repeat(RunShapes, cancellation);

        void RunShapes()
        {
            foreach (RehearsalShape shape in RehearsalShape.For(settings))
                Rehearse(shape, MachinesOf(shape.GuestPages), cancellation);
        }
    }

    private void Rehearse(RehearsalShape shape, GuestMachines machines, CancellationToken cancellation)
    {
        uint[] pages = DirtyPages.Choose(shape.Pattern, shape.GuestPages, shape.Stores);
        _harvested.Expect(machines.Pages, pages);
        foreach (LogChoice log in settings.Logs.Where(shape.IsFor))
        {
            using ILoggedGuest guest = Log(machines, log, pages, cancellation);
            for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Rehearsal.TimeOfLog;)
                guest.RoundBefore();
            guest.RoundWithoutProtection();
        }
    }

    private LeftOut? WhyNot(GridCell cell)
    {
        ulong total = HarvestSettings.PagesOf(cell.Memory);
        if (cell.Dirty.PagesOf(total) is not { } dirty)
            return new LeftOut(cell, "--dirty", string.Create(CultureInfo.InvariantCulture, $"the guest has {total} pages"));
        ulong pages = total >> ShiftFor(dirty);
        ulong needed = settings.OwnBytes(pages) + PageTableMemory.For(settings.Mmu, pages, Math.Min(dirty, (ulong)settings.MostStores));
        return needed <= PageTableMemory.Most ? null : new LeftOut(cell, "--memory", PageTableMemory.Refusal(settings.Mmu, needed));
    }

    private void Measure(GridCell cell, List<LogCell> cells, CancellationToken cancellation)
    {
        ulong total = HarvestSettings.PagesOf(cell.Memory), dirty = cell.Dirty.PagesOf(total)!.Value;
        GuestMachines machines = MachinesOf(total >> ShiftFor(dirty));
        uint[] pages = DirtyPages.Choose(cell.Pattern, machines.Pages, (int)(dirty >> ShiftFor(dirty)));
        _harvested.Expect(machines.Pages, pages);
        try
        {
            cells.AddRange(MeasureLogs(cell, machines, pages, dirty, cancellation));
        }
        catch (LogsDisagreeException e)
        {
            throw new LogsDisagreeException($"{Describe(cell)}: {e.Message}");
        }

        // A table of which every part was once written is read whole by each log that starts: the next cell has a new one.
        if (pages.Length >= ManyStores)
            DropMachines();
    }

    private static string Describe(GridCell cell) => $"{MemorySize.Format(cell.Memory)}, {cell.Dirty}, {PagePatterns.NameOf(cell.Pattern)}";

    private IEnumerable<LogCell> MeasureLogs(GridCell cell, GuestMachines machines, uint[] pages, ulong dirty, CancellationToken cancellation)
    {
        LogSamples[] samples = [.. settings.Logs.Select(log => new LogSamples(log))];

        // One that chooses among the others, once more: by what it differs from itself is noise.
        LogSamples[] again = settings.TimesCount ? [.. settings.Logs.Where(HarvestLogs.Chooses).Select(log => new LogSamples(log))] : [];
        CellMeasurement measured = new([.. samples, .. again], takeTurns: settings.Mmu == MmuChoice.Flat);
        TakeTurns(measured, machines, pages, cancellation);

        double factor = pages.Length == 0 ? 1 : dirty / (double)pages.Length;
        return samples.Select(log => new LogCell(
            cell,
            log.Choice.Name,
            dirty,
            (ulong)pages.Length,
            log.Rounds.Count,
            measured.CostsOf(log) * factor,
            measured.FirstOf(log) * factor,
            log.TypicalTake * factor,
            Bookkeeping(log.Choice, cell.Memory, machines, log.BookkeepingBytes),
            log.Form,
            again.FirstOrDefault(other => other.Choice == log.Choice) is { } other ? measured.CostsOf(other) * factor : null));
    }

    // Several times with new logs, whose memory lies elsewhere.
    private void TakeTurns(CellMeasurement cell, GuestMachines machines, uint[] pages, CancellationToken cancellation)
    {
        TimeSpan most = settings.TimesCount ? settings.CellTime : TimeSpan.Zero;
        long start = Stopwatch.GetTimestamp();
        for (int pass = 0, usual = LeastPasses; ; pass++)
        {
            TimeSpan spent = Stopwatch.GetElapsedTime(start);
            bool isUsual = pass < LeastPasses || (pass < MostPasses && spent < most);
            if (isUsual)
                usual = pass + 1;
            else if (pass >= MostTimesUsual * usual || most == TimeSpan.Zero || _patience <= TimeSpan.Zero || !cell.IsUncertain)
                return;

            cell.Measure(
                log => Log(machines, log, pages, cancellation),
                roundsBefore: pages.Length >= ManyStores ? 1 : 2,
                most / MostPasses,
                withoutProtection: pass == 0 || (isUsual && pages.Length < FewStores && pass % 2 == 0));
            if (!isUsual)
                _patience -= Stopwatch.GetElapsedTime(start) - spent;
        }
    }

    private ILoggedGuest Log(GuestMachines machines, LogChoice log, uint[] pages, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (log.IsReal)
            return new RealLoggedGuest(log, machines.Pages, settings, pages, _harvested, cancellation);
        return new LoggedGuest(machines.For(log, Populates), log, settings, new PageRound(pages), _harvested, _otherMemory, cancellation);
    }

    // Of a guest that is smaller than the cell's says nothing about rings, and everything about bitmaps.
    private ulong Bookkeeping(LogChoice log, ulong memory, GuestMachines machines, ulong measured)
    {
        ulong total = HarvestSettings.PagesOf(memory);
        if (_bookkeeping.TryGetValue((log.Name, memory), out ulong known))
            return known;
        if (log.RealForm == KvmLogForm.Ring)
            return measured;
        if (machines.Pages != total && (Populates || log.NeedsOwnBytes))
            return measured * (total / machines.Pages);

        ulong bytes = measured;
        if (machines.Pages != total)
        {
            using var whole = new GuestMachines(total, settings);
            VirtualMachine machine = whole.For(log, populate: false);
            using var made = log.Make(machine, settings);
            bytes = made.BookkeepingBytes;
        }

        _bookkeeping.Add((log.Name, memory), bytes);
        return bytes;
    }

    private GuestMachines MachinesOf(ulong pages)
    {
        if (_machines?.Pages == pages)
            return _machines;
        DropMachines();
        return _machines = new GuestMachines(pages, settings);
    }

    private void DropMachines()
    {
        _machines?.Dispose();
        _machines = null;
    }

    // By which power of two the guest is made smaller.
    private int ShiftFor(ulong dirty)
    {
        int shift = 0;
        while (dirty >> shift > (ulong)settings.MostStores)
            shift++;
        return shift;
    }
}
