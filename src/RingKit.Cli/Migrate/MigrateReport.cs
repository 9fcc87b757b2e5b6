namespace RingKit.Cli.Migrate;

/// <summary>What <c>ringkit migrate</c> came to.</summary>
/// <param name="Settings">What was asked for.</param>
/// <param name="Trace">The name of the trace that the stores came from, or null.</param>
/// <param name="Logs">One migration for each dirty log.</param>
internal sealed record MigrateReport(MigrateSettings Settings, string? Trace, IReadOnlyList<LogMigration> Logs)
{
    /// <summary>Whether every destination has its source's memory.</summary>
    public bool IsMemoryEqual => Logs.All(log => log.Memory.IsEqual);
}
