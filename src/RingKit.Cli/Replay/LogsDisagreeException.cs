namespace RingKit.Cli.Replay;

/// <summary>A dirty log reported other pages than the trace stored to: a defect of RingKit.</summary>
internal sealed class LogsDisagreeException(string message) : Exception(message);
