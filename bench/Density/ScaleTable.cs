using RingKit.Bench.Density.Reporting;
using RingKit.Bench.TwoThreads.Reporting;

namespace RingKit.Bench.Density;

/// <summary>What it costs to find few and many dirty pages of guests from 1 GiB to 8 TiB, in pages of 4 KiB: a table in Markdown.</summary>
internal static class ScaleTable
{
    private const int Rounds = 15;
    private const int WarmUps = 4;

    // A log of 65,536 entries holds 1 % of no larger guest.
    private const int MostListedGibibytes = 64;

    private static readonly int[] Gibibytes = [1, 64, 1024, 8192];

    /// <exception cref="WrongCountException">A tracker's sum was wrong.</exception>
    public static void Write(TextWriter output, bool isQuick)
    {
        Machine machine = Machine.This;
        int rounds = isQuick ? 1 : Rounds;
        output.WriteLine($"{machine.Processor}, {machine.Cores} cores; {machine.Runtime}; load average {Machine.Load}");
        output.WriteLine($"harvests into masks, dirty pages at random; the median of {rounds}, and what looking at the clock takes is subtracted");
        output.WriteLine();
        output.WriteLine("| guest | tracker | memory | 0 dirty | 100 dirty | 1000 dirty | 1 % dirty |");
        output.WriteLine("|---|---|---|---|---|---|---|");
        for (int warmUp = 0; warmUp < (isQuick ? 0 : WarmUps); warmUp++)
        {
            WriteGuest(TextWriter.Null, Gibibytes[0], Rounds * 4);
            Thread.Sleep(300);
        }

        foreach (int gibibytes in isQuick ? Gibibytes[..2] : Gibibytes)
            WriteGuest(output, gibibytes, rounds);
    }

    private static void WriteGuest(TextWriter output, int gibibytes, int rounds)
    {
        using var guest = new ScaleGuest(gibibytes);
        string name = gibibytes < 1024 ? $"{gibibytes} GiB" : $"{gibibytes / 1024} TiB";
        Row("`DirtyBitmap`", guest.BitmapBytes, guest.HarvestBitmap);
        Row("`SummaryBitmap`", guest.BitmapBytes + guest.SummaryBytes, guest.HarvestSummary);
        if (gibibytes <= MostListedGibibytes)
            Row("`DirtyList`", guest.BitmapBytes + guest.ListBytes, guest.HarvestList);

        void Row(string tracker, long bytes, Func<ScaleGuest.Amount, double> harvest)
        {
            var times = Enum.GetValues<ScaleGuest.Amount>()
                .Select(amount => Time(Measurement.Median(Enumerable.Range(0, rounds).Select(_ => harvest(amount)))));
            output.WriteLine($"| {name} | {tracker} | {Size(bytes)} | {string.Join(" | ", times)} |");
            name = "";
        }
    }

    private static string Size(long bytes) =>
        bytes < 1 << 20 ? $"{DensityTable.ThreeDigits(bytes / 1024.0)} KiB" : $"{DensityTable.ThreeDigits(bytes / (1024.0 * 1024))} MiB";

    private static string Time(double nanoseconds) => nanoseconds switch
    {
        < 1e3 => $"{nanoseconds:0} ns",
        < 1e6 => $"{DensityTable.ThreeDigits(nanoseconds / 1e3)} us",
        _ => $"{DensityTable.ThreeDigits(nanoseconds / 1e6)} ms",
    };
}
