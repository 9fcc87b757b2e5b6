using System.Numerics;

namespace RingKit.Memory;

/// <summary>Owns zeroed native memory for <typeparamref name="T"/>: never moved, aligned, and freed exactly once.</summary>
/// <remarks>
/// Thread role: <see cref="Dispose"/> by one thread; everything else by any. A structure that is laid over <see cref="View"/> keeps
/// the memory until it is disposed itself, so the order of disposal does not matter. Pages cost nothing until they are touched.
/// </remarks>
/// <typeparam name="T">A type without references.</typeparam>
public sealed unsafe class NativeBlock<T> : IDisposable
    where T : unmanaged
{
    private readonly NativeMemoryHandle _handle;
    private readonly nuint _length;

    // Not the handle's IsClosed: that one stays false while a lease keeps the memory.
    private bool _disposed;

    /// <summary>Allocates zeroed memory.</summary>
    /// <param name="length">How many <typeparamref name="T"/>; may be 0.</param>
    /// <param name="alignment">Of the first element in bytes: a power of two, at least 128 and at most 1 GiB.</param>
    /// <exception cref="ArgumentOutOfRangeException">The alignment is none of these, or the size in bytes overflows.</exception>
    /// <exception cref="OutOfMemoryException">There is no such memory.</exception>
    public NativeBlock(nuint length, nuint alignment = CacheLine.Separation)
    {
        if (!BitOperations.IsPow2(alignment) || alignment < CacheLine.Separation || alignment > 1u << 30)
        {
            throw new ArgumentOutOfRangeException(
                nameof(alignment), alignment, "The alignment must be a power of two from 128 bytes to 1 GiB.");
        }

        if (length > (ulong)long.MaxValue / (ulong)sizeof(T))
            throw new ArgumentOutOfRangeException(nameof(length), length, "The size in bytes must be below 2^63.");

        _length = length;
        _handle = NativeMemoryHandle.Allocate(length * (nuint)sizeof(T), alignment);
    }

    /// <summary>How many <typeparamref name="T"/> the block holds.</summary>
    public nuint Length => _length;

    /// <summary>All of the block.</summary>
    /// <exception cref="ObjectDisposedException">The block is disposed.</exception>
    public NativeView<T> View
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return new NativeView<T>((T*)_handle.Start, _length, _handle);
        }
    }

    /// <summary>One element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such element.</exception>
    /// <exception cref="ObjectDisposedException">The block is disposed.</exception>
    public ref T this[nuint index] => ref View[index];

    /// <summary>Writes a zero into each of its pages, which the host gives at the first write only: for memory that is written where no fault should come between.</summary>
    /// <exception cref="ObjectDisposedException">The block is disposed.</exception>
    internal void Touch()
    {
        NativeView<byte> bytes = View.Cast<byte>();
        for (nuint i = 0; i < bytes.Length; i += (nuint)Environment.SystemPageSize)
            bytes[i] = 0;
        if (bytes.Length != 0)
            bytes[bytes.Length - 1] = 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _handle.Dispose();
    }
}
