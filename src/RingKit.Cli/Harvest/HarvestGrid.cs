using System.Diagnostics;
using RingKit.Cli.Commands;
using RingKit.Cli.Machines;
using RingKit.Cli.Replay;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest;

/// <summary>Measures a grid, cell by cell, and in each cell log by log.</summary>
internal sealed class HarvestGrid(HarvestSettings settings)
{
    private const int MostRounds = 9;
    private const int FewestRounds = 3;

    // From so many stores on a round is long enough to stand for itself.
    private const int ManyStores = 200_000;
    private const ulong RehearsalPages = 1 << 14;
    private const int RehearsalStores = 4000;

    private static readonly TimeSpan TimeOfRounds = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan TimeOfRehearsal = TimeSpan.FromMilliseconds(120);

    private readonly Dictionary<(string Log, ulong Memory), ulong> _bookkeeping = [];
    private readonly HarvestedPages _harvested = new();
    private GuestMachines? _machines;

    /// <summary>Measures all.</summary>
    /// <param name="progress">Called now and then with the part that is done.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="LogsDisagreeException">A log reported other pages than the guest stored to.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public HarvestReport Run(Action<double>? progress = null, CancellationToken cancellation = default)
    {
        GridCell[] grid = [.. settings.Cells];
        List<LogCell> cells = [];
        List<LeftOut> leftOut = [];
        try
        {
            Rehearse(cancellation);
            for (int i = 0; i < grid.Length; i++)
            {
                if (WhyNot(grid[i]) is { } reason)
                    leftOut.Add(new LeftOut(grid[i], reason));
                else
                    Measure(grid[i], cells, cancellation);
                progress?.Invoke((i + 1.0) / grid.Length);
            }
        }
        finally
        {
            _machines?.Dispose();
        }

        return new HarvestReport(settings, cells, leftOut);
    }

    private bool Populates => settings.Mmu == MmuChoice.Hash;

    // So that the first cells' times are not those of the JIT compiler.
    private void Rehearse(CancellationToken cancellation)
    {
        uint[] pages = DirtyPages.Choose(PagePattern.Runs, RehearsalPages, RehearsalStores);
        GuestMachines machines = MachinesOf(RehearsalPages);
        _harvested.Expect(machines.Pages, pages);
        foreach (LogChoice log in settings.Logs)
        {
            using LoggedGuest guest = Log(machines, log, pages, cancellation);
            for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < TimeOfRehearsal;)
            {
                guest.Round();
                guest.RoundWithoutProtection();
            }
        }
    }

    private string? WhyNot(GridCell cell)
    {
        ulong total = HarvestSettings.PagesOf(cell.Memory);
        if (cell.Dirty.PagesOf(total) is not { } dirty)
            return string.Create(CultureInfo.InvariantCulture, $"the guest has {total} pages");
        ulong pages = total >> ShiftFor(dirty);
        ulong needed = PageTableMemory.For(settings.Mmu, pages, Math.Min(dirty, (ulong)settings.MostStores));
        return needed <= PageTableMemory.Most
            ? null
            : $"the {settings.Mmu.Name} page table and what is beside it would take {MemorySize.Approximate(needed)}, and may take {MemorySize.Format(PageTableMemory.Most)}";
    }

    private void Measure(GridCell cell, List<LogCell> cells, CancellationToken cancellation)
    {
        ulong total = HarvestSettings.PagesOf(cell.Memory), dirty = cell.Dirty.PagesOf(total)!.Value;
        GuestMachines machines = MachinesOf(total >> ShiftFor(dirty));
        uint[] pages = DirtyPages.Choose(cell.Pattern, machines.Pages, (int)(dirty >> ShiftFor(dirty)));
        _harvested.Expect(machines.Pages, pages);
        foreach (LogChoice log in settings.Logs)
        {
            try
            {
                cells.Add(Measure(cell, log, machines, pages, cancellation));
            }
            catch (LogsDisagreeException e)
            {
                string where = $"{MemorySize.Format(cell.Memory)}, {cell.Dirty}, {PagePatterns.NameOf(cell.Pattern)}";
                throw new LogsDisagreeException($"{where}: the {log.Name} log {e.Message}");
            }
        }
    }

    private LogCell Measure(GridCell cell, LogChoice log, GuestMachines machines, uint[] pages, CancellationToken cancellation)
    {
        ulong total = HarvestSettings.PagesOf(cell.Memory), dirty = cell.Dirty.PagesOf(total)!.Value;
        using LoggedGuest guest = Log(machines, log, pages, cancellation);
        guest.Round();
        CellCosts costs = MedianOf(pages.Length, guest.Round, round => round.Total, out int rounds);
        double? take = guest.RoundWithoutProtection();
        if (take is not null && rounds > 1)
            take = MedianOf(pages.Length, () => guest.RoundWithoutProtection()!.Value, round => round, out _);
        double factor = pages.Length == 0 ? 1 : dirty / (double)pages.Length;
        return new LogCell(
            cell, log.Name, dirty, (ulong)pages.Length, rounds, costs * factor, take * factor, Bookkeeping(log, cell.Memory, machines, guest.BookkeepingBytes));
    }

    private static T MedianOf<T>(int stores, Func<T> round, Func<T, double> time, out int rounds)
    {
        List<T> results = [];
        int fewest = stores >= ManyStores ? 1 : FewestRounds;
        for (long start = Stopwatch.GetTimestamp(); results.Count < fewest || (results.Count < MostRounds && Stopwatch.GetElapsedTime(start) < TimeOfRounds);)
            results.Add(round());
        rounds = results.Count;
        return results.OrderBy(time).ElementAt((rounds - 1) / 2);
    }

    private LoggedGuest Log(GuestMachines machines, LogChoice log, uint[] pages, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        VirtualMachine machine = machines.For(log, Populates);
        return new LoggedGuest(machine, log.Make(machine, settings), pages, _harvested, cancellation);
    }

    // Of a guest that is smaller than the cell's says nothing about rings, and everything about bitmaps.
    private ulong Bookkeeping(LogChoice log, ulong memory, GuestMachines machines, ulong measured)
    {
        ulong total = HarvestSettings.PagesOf(memory);
        if (_bookkeeping.TryGetValue((log.Name, memory), out ulong known))
            return known;
        if (machines.Pages != total && Populates)
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
        _machines?.Dispose();
        return _machines = new GuestMachines(pages, settings);
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
