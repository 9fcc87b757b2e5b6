using RingKit.Cli.Commands;

namespace RingKit.Bench.Density.Reporting;

/// <summary>A file for the results: opened before anything is measured, so that nobody waits in vain, and filled afterwards.</summary>
internal sealed class ResultFile : IDisposable
{
    private readonly FileStream _file;
    private readonly string _path;
    private readonly bool _isNew;
    private bool _isWritten;

    /// <exception cref="CommandException">It cannot be written.</exception>
    public ResultFile(string option, string path)
    {
        _path = path;
        _isNew = !Path.Exists(path);
        try
        {
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CommandException($"{option} {path}: cannot be written: {exception.Message}", exception);
        }
    }

    public void Write(string text)
    {
        if (_file.CanSeek)
            _file.SetLength(0);
        using var writer = new StreamWriter(_file, leaveOpen: true);
        writer.Write(text);
        _isWritten = true;
    }

    public void Dispose()
    {
        _file.Dispose();
        if (_isNew && !_isWritten)
            File.Delete(_path);
    }
}
