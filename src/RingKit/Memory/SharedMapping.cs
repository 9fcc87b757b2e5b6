using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace RingKit.Memory;

/// <summary>
/// Owns a mapping of a file: every process that maps the same file sees the same bytes. Page aligned, unmapped exactly once.
/// </summary>
/// <remarks>
/// Thread role: <see cref="Dispose"/> by one thread; everything else by any. A structure that is laid over <see cref="View"/> keeps the
/// mapping until it is disposed itself. What another process writes is hostile: check it after one read. A file that is made shorter while it
/// is mapped cannot be checked for: the next access beyond its end ends the process (SIGBUS).
/// </remarks>
public sealed unsafe class SharedMapping : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _accessor;
    private readonly SafeMemoryMappedViewHandle _handle;
    private readonly byte* _start;
    private bool _disposed;

    private SharedMapping(MemoryMappedFile file, long length)
    {
        _file = file;
        _accessor = file.CreateViewAccessor(0, length);
        _handle = _accessor.SafeMemoryMappedViewHandle;
        _handle.AcquirePointer(ref _start);
        Length = (nuint)length;
    }

    /// <summary>How many bytes are mapped: the length of the file when it was opened.</summary>
    public nuint Length { get; }

    /// <summary>All of the mapping.</summary>
    /// <exception cref="ObjectDisposedException">The mapping is disposed.</exception>
    public NativeView<byte> View
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return new NativeView<byte>(_start, Length, _handle);
        }
    }

    /// <summary>Makes a file of zeros and maps it.</summary>
    /// <param name="path">The file; one that exists already is refused.</param>
    /// <param name="bytes">Its length, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is 0 or above 2^63 - 1.</exception>
    /// <exception cref="IOException">The file exists, or there is no room for it.</exception>
    public static SharedMapping Create(string path, nuint bytes)
    {
        if (bytes == 0 || bytes > long.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(bytes), bytes, "A mapping has from 1 to 2^63 - 1 bytes.");

        return Map(path, FileMode.CreateNew, (long)bytes);
    }

    /// <summary>Maps a file that exists, as long as it is now.</summary>
    /// <param name="path">The file; it must be readable and writable.</param>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="InvalidDataException">The file is empty.</exception>
    public static SharedMapping Open(string path)
    {
        long length = new FileInfo(path).Length;
        return length != 0 ? Map(path, FileMode.Open, length) : throw new InvalidDataException($"The file '{path}' is empty.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;

        _disposed = true;
        _handle.ReleasePointer();
        _accessor.Dispose();
        _file.Dispose();
    }

    private static SharedMapping Map(string path, FileMode mode, long length)
    {
        var file = MemoryMappedFile.CreateFromFile(path, mode, mapName: null, length);
        try
        {
            return new SharedMapping(file, length);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
