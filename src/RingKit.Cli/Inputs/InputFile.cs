using System.IO.Compression;

namespace RingKit.Cli.Inputs;

/// <summary>A file or a pipe, plain or gzip, whichever its first bytes say.</summary>
internal sealed class InputFile : IDisposable
{
    private const int FileBufferSize = 64 * 1024;

    private readonly FileStream _file;

    // Without this switch GZipStream takes a stream that breaks off for one that ends. It is read once, before the first GZipStream
    // of the process is made.
    static InputFile() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", isEnabled: true);

    private InputFile(string path)
    {
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileBufferSize, FileOptions.SequentialScan);
        try
        {
            var peeked = new PeekedStream(_file, 2);
            IsGzip = peeked.Head is [0x1f, 0x8b];
            if (IsGzip)
            {
                Content = new GZipStream(peeked, CompressionMode.Decompress);
            }
            else if (_file.CanSeek)
            {
                // So that its reader learns its length.
                _file.Position = 0;
                Content = _file;
            }
            else
            {
                Content = peeked;
            }
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>What is in it, decompressed.</summary>
    public Stream Content { get; }

    public bool IsGzip { get; }

    /// <summary>How much of the file was read, from 0 to 1; null if it has no length, as a pipe.</summary>
    public double? Progress => _file.CanSeek ? (double)_file.Position / Math.Max(_file.Length, 1) : null;

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static InputFile Open(string path) => new(path);

    public void Dispose() => Content.Dispose();
}
