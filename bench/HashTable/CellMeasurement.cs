using System.Diagnostics;
using System.Runtime;
using RingKit.Bench.Density;
using RingKit.Mmu.HashTable.Harvesting;

namespace RingKit.Bench.HashTable;

/// <summary>
/// Measures the grid. In each round every log makes one harvest, the caches full of other memory, so that neighbours on the machine meet all of them
/// alike; the medians count. What makes pages dirty is not measured.
/// </summary>
internal sealed class CellMeasurement(bool isQuick)
{
    private const int LeastRounds = 3;
    private const int MostRounds = 15;
    private const int QuickRounds = 2;
    private const int WarmUpRounds = 40;

    private static readonly double[] Percents = [0, 0.01, 1, 10, 100];
    private static readonly double[] SmallSlotPercents = [0, 10];
    private static readonly double[] QuickPercents = [0, 1, 100];
    private static readonly TimeSpan TimeForCell = TimeSpan.FromMilliseconds(500);

    // The compiler works in the background, 100 ms after the last method that it was asked for.
    private static readonly TimeSpan CompilerPause = TimeSpan.FromMilliseconds(300);

    private static readonly (Log Log, HarvestMethod Method)[] ByHardware =
    [
        (Log.Walk, HarvestMethod.Walk), (Log.Filtered, HarvestMethod.FilteredWalk), (Log.Sweep, HarvestMethod.Sweep), (Log.Chooser, HarvestMethod.Cheapest),
    ];

    /// <summary>The cells of a guest: its main slot's, then those of a small one.</summary>
    /// <exception cref="WrongPagesException">A log reported other pages than those that were dirty, or allocated.</exception>
    public IReadOnlyList<LogCell> Measure(GuestShape shape)
    {
        using var guest = new BenchGuest(shape);
        using var shadow = new ShadowGuest(shape.Pages);
        var cells = new List<LogCell>();
        foreach (double percent in isQuick ? QuickPercents : Percents)
            cells.Add(ByHardwareAndShadow(guest, 0, percent, shadow));
        foreach (double percent in SmallSlotPercents)
            cells.Add(ByHardwareAndShadow(guest, 1, percent, shadow: null));

        guest.StartLogging(byFaults: true);
        return [.. cells.Select(cell => WithFaults(guest, cell))];
    }

    /// <summary>Harvests a small guest until the compiler has done its best.</summary>
    public static void WarmUp()
    {
        var shape = new GuestShape(64, 12, 128, FrameOrder.Scattered);
        var warm = new CellMeasurement(isQuick: true);
        for (int pause = 0; pause < 3; pause++)
        {
            using var guest = new BenchGuest(shape);
            foreach (double percent in Percents)
            {
                guest.ChooseDirty(0, percent / 100);
                for (int round = 0; round < WarmUpRounds; round++)
                {
                    foreach (var (log, method) in ByHardware)
                        Harvest(guest, log, method, evicts: false);
                }
            }

            warm.Measure(shape);
            Thread.Sleep(CompilerPause);
        }

        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
    }

    private LogCell ByHardwareAndShadow(BenchGuest guest, int slot, double percent, ShadowGuest? shadow)
    {
        guest.ChooseDirty(slot, percent / 100);
        ulong[] dirty = shadow is null ? [] : [.. guest.DirtyOffsets];
        var runs = new Dictionary<Log, List<LogCost>>();
        HarvestMethod choice = HarvestMethod.Cheapest;
        Rounds(() =>
        {
            foreach (var (log, method) in ByHardware)
                Add(runs, log, Harvest(guest, log, method, evicts: true));
        });
        guest.StoreByHardware();
        choice = guest.Choose();
        guest.Get(HarvestMethod.Sweep);

        if (shadow is not null)
        {
            Rounds(() =>
            {
                shadow.Store(dirty);
                Add(runs, Log.Shadow, Timed(shadow.Get));
                if (!guest.IsExpected(shadow.Bitmap))
                    throw Wrong(Log.Shadow, guest);
            });
        }

        return new LogCell(guest.Shape, guest.Core.Slots[slot].PageCount, percent, guest.DirtyPages, Medians(runs), choice);
    }

    private LogCell WithFaults(BenchGuest guest, LogCell cell)
    {
        guest.ChooseDirty(cell.IsSmall ? 1 : 0, cell.Percent / 100);
        var runs = new Dictionary<Log, List<LogCost>>();
        Rounds(() =>
        {
            guest.StoreByFault();
            Add(runs, Log.Faults, Timed(() => CostOf(guest.Get(HarvestMethod.Walk))));
            if (!guest.ReportedExpected)
                throw Wrong(Log.Faults, guest);
        });
        return cell with { Costs = cell.Costs.Concat(Medians(runs)).ToDictionary() };
    }

    private static LogCost Harvest(BenchGuest guest, Log log, HarvestMethod method, bool evicts)
    {
        guest.StoreByHardware();
        LogCost cost = Timed(() => CostOf(guest.Get(method)), evicts);
        return guest.ReportedExpected ? cost : throw Wrong(log, guest);
    }

    private void Rounds(Action round)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < (isQuick ? QuickRounds : MostRounds) && (i < LeastRounds || Stopwatch.GetElapsedTime(start) < TimeForCell); i++)
            round();
    }

    private static LogCost Timed(Func<LogCost> harvest, bool evicts = true)
    {
        if (evicts)
            Caches.Evict();
        double own = Clock.OwnNanoseconds;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        LogCost cost = harvest();
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return cost with { Nanoseconds = Math.Max(time.TotalNanoseconds - own, 1), Allocated = allocated };
    }

    private static LogCost CostOf(HarvestStatistics statistics) => new(0, statistics.BytesTouched, statistics.Tlbies);

    private static void Add(Dictionary<Log, List<LogCost>> runs, Log log, LogCost cost)
    {
        if (!runs.TryGetValue(log, out List<LogCost>? all))
            runs.Add(log, all = []);
        all.Add(cost);
    }

    private static Dictionary<Log, LogCost> Medians(Dictionary<Log, List<LogCost>> runs)
    {
        // The first time the runtime may allocate for itself.
        foreach (var (log, costs) in runs)
        {
            if (costs.Min(cost => cost.Allocated) is > 0 and var bytes)
                throw new WrongPagesException($"each harvest of {log} allocated {bytes} bytes or more");
        }

        return runs.ToDictionary(
            pair => pair.Key, pair => pair.Value[0] with { Nanoseconds = Measurement.Median(pair.Value.Select(cost => cost.Nanoseconds)) });
    }

    private static WrongPagesException Wrong(Log log, BenchGuest guest) =>
        new($"{log} reported other pages than the {guest.DirtyPages} that were dirty; {guest.Shape.Text}");
}
