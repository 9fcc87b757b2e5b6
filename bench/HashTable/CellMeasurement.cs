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
    private const int MostRounds = 11;
    private const int LeastPairs = 3;
    private const int MostPairs = 33;
    private const int QuickRounds = 2;
    private const int WarmUpRounds = 40;

    private static readonly double[] Percents = [0, 0.01, 1, 10, 100];
    private static readonly double[] SmallSlotPercents = [0, 10];
    private static readonly double[] QuickPercents = [0, 1, 100];
    private static readonly TimeSpan TimeForCell = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan TimeForPairs = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan MostForLog = TimeSpan.FromMilliseconds(1000);

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
        Rounds(runs, [.. ByHardware.Select(one => (one.Log, (Func<LogCost>)(() => Harvest(guest, one.Log, one.Method, evicts: true))))]);
        guest.StoreByHardware();
        HarvestMethod choice = guest.Choose();
        guest.Get(HarvestMethod.Sweep);
        (double chooser, double same) = ChooserRatios(guest, runs);
        if (shadow is not null)
            Rounds(runs, [(Log.Shadow, () => Harvest(guest, shadow, dirty))]);
        return new LogCell(guest.Shape, guest.Core.Slots[slot].PageCount, percent, guest.DirtyPages, Medians(runs), choice, chooser, same);
    }

    private LogCell WithFaults(BenchGuest guest, LogCell cell)
    {
        guest.ChooseDirty(cell.IsSmall ? 1 : 0, cell.Percent / 100);
        var runs = new Dictionary<Log, List<LogCost>>();
        Rounds(runs, [(Log.Faults, () => HarvestFaults(guest))]);
        return cell with { Costs = cell.Costs.Concat(Medians(runs)).ToDictionary() };
    }

    private static LogCost Harvest(BenchGuest guest, Log log, HarvestMethod method, bool evicts)
    {
        guest.StoreByHardware();
        LogCost cost = Timed(() => CostOf(guest.Get(method)), evicts);
        return guest.ReportedExpected ? cost : throw Wrong(log, guest);
    }

    private static LogCost HarvestFaults(BenchGuest guest)
    {
        guest.StoreByFault();
        LogCost cost = Timed(() => CostOf(guest.Get(HarvestMethod.Walk)));
        return guest.ReportedExpected ? cost : throw Wrong(Log.Faults, guest);
    }

    private static LogCost Harvest(BenchGuest guest, ShadowGuest shadow, ulong[] dirty)
    {
        shadow.Store(dirty);
        LogCost cost = Timed(shadow.Get);
        return guest.IsExpected(shadow.Bitmap) ? cost : throw Wrong(Log.Shadow, guest);
    }

    // A log that needs long for a harvest makes fewer.
    private void Rounds(Dictionary<Log, List<LogCost>> runs, (Log Log, Func<LogCost> Harvest)[] contenders)
    {
        foreach (var (log, _) in contenders)
            runs.Add(log, []);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < (isQuick ? QuickRounds : MostRounds) && (i < LeastRounds || Stopwatch.GetElapsedTime(start) < TimeForCell); i++)
        {
            foreach (var (log, harvest) in contenders)
            {
                if (runs[log].Sum(cost => cost.Nanoseconds) < MostForLog.TotalNanoseconds)
                    runs[log].Add(harvest());
            }
        }
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

    // The better one, the chooser, and the better one once more, in turn and each as often first: what a neighbour does to the machine he does to all of a
    // round, and how far the same work is from itself says what a difference means.
    private (double Chooser, double Same) ChooserRatios(BenchGuest guest, Dictionary<Log, List<LogCost>> runs)
    {
        double Typical(Log log) => Measurement.Median(runs[log].Select(cost => cost.Nanoseconds));
        (Log Log, HarvestMethod Method) better = Typical(Log.Sweep) < Typical(Log.Filtered)
            ? (Log.Sweep, HarvestMethod.Sweep)
            : (Log.Filtered, HarvestMethod.FilteredWalk);
        (Log Log, HarvestMethod Method)[] three = [better, (Log.Chooser, HarvestMethod.Cheapest), better];
        List<double>[] times = [[], [], []];
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < (isQuick ? 1 : MostPairs) && (round < LeastPairs || Stopwatch.GetElapsedTime(start) < TimeForPairs); round++)
        {
            for (int i = 0; i < three.Length; i++)
            {
                int one = (round + i) % three.Length;
                times[one].Add(Harvest(guest, three[one].Log, three[one].Method, evicts: true).Nanoseconds);
            }
        }

        double Ratio(int one) => Measurement.Median(times[one].Zip(times[0], (time, other) => time / other));
        return (Ratio(1), Ratio(2));
    }

    private static WrongPagesException Wrong(Log log, BenchGuest guest) =>
        new($"{log} reported other pages than the {guest.DirtyPages} that were dirty; {guest.Shape.Text}");
}
