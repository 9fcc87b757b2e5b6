namespace RingKit.Cli.Charts;

/// <summary>A line of a panel.</summary>
/// <param name="Name">What the legend calls it. Lines of one name look the same in every panel, and have one entry there.</param>
/// <param name="Points">From left to right; at least one.</param>
internal sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points);
