namespace RingKit.Cli.Charts;

/// <summary>One coordinate system of a chart, with at least one series, under a title that may be empty.</summary>
internal sealed record Panel(string Title, Axis X, Axis Y, IReadOnlyList<Series> Series);
