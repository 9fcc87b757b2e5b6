using RingKit.Cli.Commands;

namespace RingKit.Cli.Reports;

/// <summary>A file that an option names: opened before the work, so that nobody waits in vain, and filled after it. A new one that was not filled goes.</summary>
internal sealed class OutputFile : IDisposable
{
    private readonly FileStream _file;
    private readonly string _option;
    private readonly string _path;
    private readonly bool _isNew;
    private bool _written;

    private OutputFile(string option, string path)
    {
        _option = option;
        _path = path;
        _isNew = !Path.Exists(path);

        // Not shared: an input is open for reading, and this fails if somebody names it here.
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0);
    }

    /// <param name="option">The option, as it is typed.</param>
    /// <param name="path">What it was given.</param>
    /// <exception cref="CommandException">It cannot be written.</exception>
    public static OutputFile Open(string option, string path)
    {
        try
        {
            return new OutputFile(option, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandException($"{option} {path}: cannot be written: {e.Message}", e);
        }
    }

    /// <param name="fill">Writes all that the file is to hold.</param>
    /// <exception cref="CommandException">It cannot be written.</exception>
    public void Write(Action<TextWriter> fill)
    {
        try
        {
            // What an earlier run left is dropped only now that there is something better.
            if (_file.CanSeek && _file.Length > 0)
                _file.SetLength(0);
            using var writer = new StreamWriter(_file, leaveOpen: true) { NewLine = "\n" };
            fill(writer);
            writer.Flush();
            _written = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{_option} {_path}: cannot be written: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        if (_isNew && !_written)
            File.Delete(_path);
    }
}
