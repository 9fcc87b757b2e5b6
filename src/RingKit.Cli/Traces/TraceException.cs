namespace RingKit.Cli.Traces;

/// <summary>A trace cannot be read or replayed any further than a certain line.</summary>
internal sealed class TraceException(string file, long line, string problem, Exception? cause = null)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"{file}:{line}: {problem}"), cause);
