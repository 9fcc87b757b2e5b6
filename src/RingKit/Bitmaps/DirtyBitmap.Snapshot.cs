using CommunityToolkit.HighPerformance.Buffers;
using RingKit.Bitmaps.Operations;

namespace RingKit.Bitmaps;

/// <summary>Looking at all pages without taking any: for <see cref="BitmapLogic"/> and its like, which want memory that nobody writes.</summary>
public sealed partial class DirtyBitmap
{
    /// <summary>How many pages are dirty. With concurrent writers, a figure that was never quite true.</summary>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong Count() => _core.Count();

    /// <summary>Copies all bits and leaves them set. Each word is as it was at some time during the call; who finds a page dirty in the copy sees the stores before its mark.</summary>
    /// <param name="destination">Filled from its start, one word for each 64 pages; bits beyond the last page are 0, words behind stay as they are.</param>
    /// <exception cref="ArgumentException">The destination is too small.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public void CopyTo(Span<ulong> destination) => _core.CopyTo(destination);

    /// <summary>The same into KVM's bytes (see <see cref="KvmBitmap"/>).</summary>
    /// <param name="destination">At least <see cref="KvmBitmap.ByteLength"/> of <see cref="Pages"/> bytes; those behind stay as they are.</param>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="ArgumentException">The destination is too small.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public int CopyToKvm(Span<byte> destination) => _core.CopyToKvm(destination);

    /// <summary>The same into pooled memory of one word for each 64 pages, which the caller disposes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are more pages than an array of words holds bits.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public MemoryOwner<ulong> Snapshot() => _core.Snapshot();
}
