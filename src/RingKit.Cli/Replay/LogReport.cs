namespace RingKit.Cli.Replay;

/// <summary>What one log reported.</summary>
/// <param name="Log">The log's name.</param>
/// <param name="Intervals">Interval by interval.</param>
internal sealed record LogReport(string Log, IntervalFigures[] Intervals)
{
    public IntervalFigures Total { get; } = IntervalFigures.Sum(Intervals);
}
