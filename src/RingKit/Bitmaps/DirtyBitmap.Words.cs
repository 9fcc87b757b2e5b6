using RingKit.Bitmaps.Operations;

namespace RingKit.Bitmaps;

/// <summary>Marks from other bitmaps, looks and harvests into them, and saving.</summary>
public sealed partial class DirtyBitmap
{
    /// <summary>Marks all pages: what to do when it is not known any more which are dirty, such as after the overflow of a log of addresses.</summary>
    /// <remarks>
    /// One atomic or for each word. A harvest that begins behind it has every page; one that runs meanwhile has a part, and the next one the rest. A run
    /// of <see cref="Pages"/> pages is how it shows.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public void MarkAll() => _core.MarkRange(0, Pages);

    /// <summary>Marks the pages that are set in another bitmap: one atomic or for each of its words that is not 0.</summary>
    /// <param name="source">One word for each 64 pages; padding and words behind are ignored.</param>
    /// <returns>How many of the pages were clean.</returns>
    /// <exception cref="ArgumentException">The source is too small; nothing was marked.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong MarkFrom(ReadOnlySpan<ulong> source) => MarkFrom(source, 0, Pages);

    /// <summary>The same in a part of the bitmap.</summary>
    /// <param name="source">One word for each 64 pages of the part; padding and words behind are ignored.</param>
    /// <param name="firstPage">The page of the source's first bit, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <returns>How many of the pages were clean.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the bitmap; nothing was marked.</exception>
    /// <exception cref="ArgumentException">The source is too small; nothing was marked.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong MarkFrom(ReadOnlySpan<ulong> source, ulong firstPage, ulong count) => _core.MarkFrom<AlwaysOr>(source, firstPage, count);

    /// <summary>Marks the pages that are set in KVM's bytes (see <see cref="KvmBitmap"/>), as <see cref="MarkFrom(ReadOnlySpan{ulong})"/> does.</summary>
    /// <param name="source">At least <see cref="KvmBitmap.ByteLength"/> of <see cref="Pages"/> bytes; those behind are not looked at.</param>
    /// <returns>How many of the pages were clean.</returns>
    /// <exception cref="ArgumentException">The source is too small, or has bits beyond the last page; nothing was marked.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong MarkFromKvm(ReadOnlySpan<byte> source) => MarkFromKvm(source, 0, Pages);

    /// <summary>The same in a part of the bitmap.</summary>
    /// <param name="source">At least <see cref="KvmBitmap.ByteLength"/> of <paramref name="count"/> bytes; those behind are not looked at.</param>
    /// <param name="firstPage">The page of the source's first bit, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <returns>How many of the pages were clean.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the bitmap; nothing was marked.</exception>
    /// <exception cref="ArgumentException">The source is too small, or has bits beyond the last page; nothing was marked.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong MarkFromKvm(ReadOnlySpan<byte> source, ulong firstPage, ulong count) => _core.MarkFromKvm<AlwaysOr>(source, firstPage, count);

    /// <summary>
    /// Marks the pages that WHvQueryGpaRangeDirtyBitmap has reported for a range (see <see cref="WhpBitmap"/>), as
    /// <see cref="MarkFrom(ReadOnlySpan{ulong}, ulong, ulong)"/> does; but bits beyond the range are refused.
    /// </summary>
    /// <remarks>
    /// The query clears what it reports: mark it here before anything else can fail. The bitmap's pages are the hypervisor's, 4 KiB each.
    /// <see cref="CopyTo(Span{ulong}, ulong, ulong)"/> writes the same layout.
    /// </remarks>
    /// <param name="source">One word for each 64 pages of the range; words behind are not looked at.</param>
    /// <param name="firstPage">The range's first page, at most <see cref="Pages"/>: its address by 4096.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <returns>How many of the pages were clean.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the bitmap; nothing was marked.</exception>
    /// <exception cref="ArgumentException">The source is too small, or has bits beyond the range; nothing was marked.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong MarkFromWhp(ReadOnlySpan<ulong> source, ulong firstPage, ulong count) => _core.MarkFromWhp<AlwaysOr>(source, firstPage, count);

    /// <summary>Copies the bits of a part and leaves them set, as <see cref="CopyTo(Span{ulong})"/> does.</summary>
    /// <param name="destination">Filled from its start, one word for each 64 pages; bits beyond the part are 0, words behind stay as they are.</param>
    /// <param name="firstPage">The page of the destination's first bit, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the bitmap.</exception>
    /// <exception cref="ArgumentException">The destination is too small.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public void CopyTo(Span<ulong> destination, ulong firstPage, ulong count) => _core.CopyTo(destination, firstPage, count);

    /// <summary>The same into KVM's bytes (see <see cref="KvmBitmap"/>).</summary>
    /// <param name="destination">At least <see cref="KvmBitmap.ByteLength"/> of <paramref name="count"/> bytes; those behind stay as they are.</param>
    /// <param name="firstPage">The page of the destination's first bit, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the bitmap.</exception>
    /// <exception cref="ArgumentException">The destination is too small.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public int CopyToKvm(Span<byte> destination, ulong firstPage, ulong count) => _core.CopyToKvm(destination, firstPage, count);

    /// <summary>Takes the dirty pages into a bitmap of the caller's, and leaves them clean here. One atomic exchange for each word that has any.</summary>
    /// <param name="destination">One word for each 64 pages. What is set there stays: several harvests gather in one bitmap.</param>
    /// <returns>How many pages were taken.</returns>
    /// <exception cref="ArgumentException">The destination is too small; nothing was taken.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong HarvestWords(Span<ulong> destination) => HarvestWords(destination, 0, Pages);

    /// <summary>The same of a part of the bitmap.</summary>
    /// <param name="destination">One word for each 64 pages of the part. What is set there stays.</param>
    /// <param name="firstPage">The page of the destination's first bit, at most <see cref="Pages"/>.</param>
    /// <param name="count">How many pages; may be 0.</param>
    /// <returns>How many pages were taken.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the bitmap; nothing was taken.</exception>
    /// <exception cref="ArgumentException">The destination is too small; nothing was taken.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong HarvestWords(Span<ulong> destination, ulong firstPage, ulong count) =>
        _core.HarvestWords<AlwaysOr>(destination, firstPage, count);

    /// <summary>Writes the bitmap to a stream and leaves its pages dirty.</summary>
    /// <remarks>
    /// 32 bytes with magic, version, <see cref="Granule"/>, <see cref="Pages"/> and a checksum, then KVM's bytes, then their checksum; all
    /// little-endian (docs/bitmaps.md). Pages that are marked meanwhile are in it or not.
    /// </remarks>
    /// <param name="stream">Where it is written, from its position on. It is not closed.</param>
    /// <exception cref="ArgumentNullException">There is no stream.</exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public void Save(Stream stream) => _core.Save(stream, Pages, Granule);

    /// <summary>Marks the pages that were dirty when they were saved. Those that are dirty now stay so.</summary>
    /// <param name="stream">What <see cref="Save"/> has written; it is read from its position on, not beyond it, and not closed.</param>
    /// <returns>How many of the pages were clean.</returns>
    /// <exception cref="ArgumentNullException">There is no stream.</exception>
    /// <exception cref="InvalidDataException">
    /// The stream has no saved bitmap, one of another version, granule or number of pages, a corrupt one, or one that is cut off. The message
    /// says which, and what to do. Nothing was marked.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The bitmap is disposed.</exception>
    public ulong Restore(Stream stream) => _core.Restore<AlwaysOr>(stream, Pages, Granule);
}
