using RingKit.Cli.Replay;

namespace RingKit.Cli.Reports.Replay;

/// <summary>The rows of <c>ringkit replay --csv</c>.</summary>
internal static class ReplayCsv
{
    private const string Header =
        "interval,log,stores,dirty_pages,faults,invalidations,harvest_us,reset_calls,entries,entries_per_reset_call,"
        + "ring_full_exits,bytes_touched";

    public static void Write(ReplayReport report, TextWriter writer)
    {
        writer.WriteLine(Header);
        for (int i = 0; i < report.Logs[0].Intervals.Length; i++)
        {
            foreach (LogReport log in report.Logs)
            {
                IntervalFigures row = log.Intervals[i];
                writer.Write(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{row.Index},{log.Log},{row.Stores},{row.DirtyPages},{row.Faults},{row.Invalidations},"));
                writer.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{row.HarvestTime.TotalMicroseconds:0.0},{row.ResetCalls},{row.Entries},{row.EntriesPerResetCall:0.###},{row.RingFullExits},{row.BytesTouched}"));
            }
        }
    }
}
