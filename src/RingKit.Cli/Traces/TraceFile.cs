using System.IO.Compression;

namespace RingKit.Cli.Traces;

/// <summary>A trace on disk or in a pipe, plain or gzip, whichever its first bytes say.</summary>
internal sealed class TraceFile : IDisposable
{
    private const int FileBufferSize = 64 * 1024;

    private readonly FileStream _file;
    private readonly Stream _text;

    // Without this switch GZipStream takes a stream that breaks off for one that ends. It is read once, before the first GZipStream
    // of the process is made.
    static TraceFile() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", isEnabled: true);

    private TraceFile(string path)
    {
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileBufferSize, FileOptions.SequentialScan);
        try
        {
            var peeked = new PeekedStream(_file, 2);
            _text = peeked.Head is [0x1f, 0x8b] ? new GZipStream(peeked, CompressionMode.Decompress) : peeked;
        }
        catch
        {
            _file.Dispose();
            throw;
        }

        Reader = new LackeyReader(_text, path);
    }

    /// <summary>Reads the trace.</summary>
    public LackeyReader Reader { get; }

    /// <summary>How much of the file was read, from 0 to 1; null if it has no length, as a pipe.</summary>
    public double? Progress => _file.CanSeek ? (double)_file.Position / Math.Max(_file.Length, 1) : null;

    /// <summary>Opens a trace.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static TraceFile Open(string path) => new(path);

    public void Dispose() => _text.Dispose();
}
