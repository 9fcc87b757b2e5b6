using RingKit.Cli.Inputs;

namespace RingKit.Cli.Traces;

/// <summary>A trace on disk or in a pipe, plain or gzip.</summary>
internal sealed class TraceFile : IDisposable
{
    private readonly InputFile _file;

    private TraceFile(string path)
    {
        _file = InputFile.Open(path);
        Reader = new LackeyReader(_file.Content, path);
    }

    /// <summary>Reads the trace.</summary>
    public LackeyReader Reader { get; }

    /// <inheritdoc cref="InputFile.Progress"/>
    public double? Progress => _file.Progress;

    /// <summary>Opens a trace.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static TraceFile Open(string path) => new(path);

    public void Dispose() => _file.Dispose();
}
