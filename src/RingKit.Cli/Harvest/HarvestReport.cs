namespace RingKit.Cli.Harvest;

/// <summary>What the comparison came to.</summary>
/// <param name="Settings">The grid.</param>
/// <param name="Cells">What was measured, cell by cell, and log by log in each.</param>
/// <param name="LeftOut">What was not.</param>
internal sealed record HarvestReport(HarvestSettings Settings, IReadOnlyList<LogCell> Cells, IReadOnlyList<LeftOut> LeftOut);
