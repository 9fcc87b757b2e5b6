namespace RingKit.Cli.Replay;

/// <summary>What one log reported.</summary>
/// <param name="Log">The log's name.</param>
/// <param name="Intervals">Interval by interval.</param>
/// <param name="Stage2">What became of the stage-2 page table, or null where there is none.</param>
internal sealed record LogReport(string Log, IntervalFigures[] Intervals, Stage2Figures? Stage2 = null)
{
    public IntervalFigures Total { get; } = IntervalFigures.Sum(Intervals);
}
