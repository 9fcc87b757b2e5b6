namespace RingKit.Cli.Harvest.Findings;

/// <summary>What a log costs by how much is dirty.</summary>
/// <param name="Log">The log's name.</param>
/// <param name="Points">Dirty pages, ascending and all different, and a cost that is more than 0.</param>
internal sealed record CostLine(string Log, IReadOnlyList<(double Pages, double Cost)> Points);
