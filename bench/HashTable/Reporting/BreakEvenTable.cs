using System.Globalization;

namespace RingKit.Bench.HashTable.Reporting;

/// <summary>From which density on C is cheaper than faults, by what a fault costs.</summary>
internal static class BreakEvenTable
{
    public static IReadOnlyList<double> FaultMicroseconds { get; } = [0.5, 1, 2, 3, 4, 5];

    public static void Write(TextWriter output, IEnumerable<LogCell> cells)
    {
        output.WriteLine();
        output.WriteLine("C against read-only mappings: from so many % dirty on C is the cheaper way, C found by the walk / by the sweep");
        output.WriteLine($"{"a fault costs, us",-50}{string.Concat(FaultMicroseconds.Select(fault => $"{Figure(fault),-16}"))}");
        foreach (BreakEven round in Rounds(cells))
        {
            string shares = string.Concat(FaultMicroseconds.Select(fault => $"{Share(round, Log.Walk, fault)} / {Share(round, Log.Sweep, fault)}".PadRight(16)));
            output.WriteLine($"{round.Guest.Text,-50}{shares}");
        }
    }

    public static IEnumerable<BreakEven> Rounds(IEnumerable<LogCell> cells) =>
        cells.Where(cell => !cell.IsSmall).GroupBy(cell => cell.Guest).Select(group => new BreakEven(group));

    private static string Share(BreakEven round, Log scan, double fault) => Figure(round.Share(scan, fault * 1000) * 100);

    private static string Figure(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
