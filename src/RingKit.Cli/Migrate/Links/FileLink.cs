using RingKit.Cli.Commands;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Cli.Migrate.Links;

/// <summary>A link that is a file: the destination reads it when the source has written all of it. It stays, unless the migration fails.</summary>
internal sealed class FileLink : Link
{
    private readonly string _path;
    private readonly GuestMemory _destination;
    private readonly FileStream _file;
    private readonly bool _isNew;
    private bool _isFinished;

    /// <exception cref="CommandException">It cannot be written.</exception>
    public FileLink(string path, GuestMemory destination)
    {
        _path = path;
        _destination = destination;
        _isNew = !Path.Exists(path);
        try
        {
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0);
            if (_file.CanSeek && _file.Length > 0)
                _file.SetLength(0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            _file?.Dispose();
            throw new CommandException($"--via {path}: cannot be written: {e.Message}", e);
        }

        Source = new MigrationConnection(_file);
    }

    public override MigrationConnection Source { get; }

    public override void Finish(CancellationToken cancellation)
    {
        Source.Dispose();
        using var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
        new MigrationReceiver(_destination).Receive(file, acknowledgements: null, cancellation);
        _isFinished = true;
    }

    public override void Dispose()
    {
        Source.Dispose();
        if (_isFinished)
            return;

        // What is half a stream is no use to anybody. A device, or a file that was there before, is not ours to remove.
        if (_isNew)
            File.Delete(_path);
        else if (new FileInfo(_path) is { Exists: true, Length: > 0 })
            File.WriteAllBytes(_path, []);
    }
}
