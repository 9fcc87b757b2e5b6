using RingKit.Cli.Commands;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Cli.Migrate.Links;

/// <summary>A link that is a file: the destination reads it when the source has written all of it. It stays, unless the migration fails; then what was there before stays.</summary>
internal sealed class FileLink : Link
{
    private readonly string _path;
    private readonly string _written;
    private readonly GuestMemory _destination;
    private readonly bool _isOurs;
    private bool _isFinished;

    /// <exception cref="CommandException">It cannot be written.</exception>
    public FileLink(string path, GuestMemory destination)
    {
        _path = _written = path;
        _destination = destination;
        _isOurs = !Path.Exists(path);
        FileStream? file = null;
        try
        {
            file = Open(path, FileMode.OpenOrCreate);

            // What an earlier migration has left is replaced when there is something better. A device, which has no length, is written to and never replaced.
            if (!_isOurs && file.CanSeek && file.Length > 0)
            {
                file.Dispose();
                _isOurs = true;
                _path = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
                _written = $"{_path}.{Path.GetRandomFileName()}";
                file = Open(_written, FileMode.CreateNew);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            file?.Dispose();
            throw new CommandException($"--via {path}: cannot be written: {e.Message}", e);
        }

        Source = new MigrationConnection(file);
    }

    public override MigrationConnection Source { get; }

    public override void Finish(CancellationToken cancellation)
    {
        Source.Dispose();
        using (var file = new FileStream(_written, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16))
            new MigrationReceiver(_destination).Receive(file, acknowledgements: null, cancellation);
        if (_written != _path)
            File.Move(_written, _path, overwrite: true);
        _isFinished = true;
    }

    public override void Dispose()
    {
        Source.Dispose();

        // What is half a stream is no use to anybody. A device, or a file that was there and empty, is not ours to remove.
        if (_isFinished)
            return;
        if (_isOurs)
            File.Delete(_written);
        else if (new FileInfo(_written) is { Exists: true, Length: > 0 })
            File.WriteAllBytes(_written, []);
    }

    private static FileStream Open(string path, FileMode mode) => new(path, mode, FileAccess.Write, FileShare.None, bufferSize: 0);
}
