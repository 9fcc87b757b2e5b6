namespace RingKit.Bitmaps.Operations;

/// <summary>Bitmaps in the words that WHvQueryGpaRangeDirtyBitmap fills, of the Windows Hypervisor Platform.</summary>
/// <remarks>
/// A bit for each 4 KiB of the queried range, bit i in bit i % 64 of word i / 64; the buffer is aligned to 8 bytes, and its length a multiple
/// of 8 (learn.microsoft.com, WHvQueryGpaRangeDirtyBitmap). In the memory of a little-endian host, as each that has this interface is, these
/// are KVM's bytes. A query clears what it reports. A <see cref="RingKit.Memory.NativeBlock{T}"/> of words is a buffer, and
/// <see cref="DirtyBitmap.MarkFromWhp"/> takes it. Thread role: any thread, over memory that nobody else writes meanwhile.
/// </remarks>
public static class WhpBitmap
{
    /// <summary>How many bytes the interface's pages have, whatever the partition maps them with.</summary>
    public const ulong PageBytes = 4096;

    /// <summary>How many words the buffer for a range has.</summary>
    /// <param name="rangeBytes">The range's length in bytes; a last page may be there in part.</param>
    public static ulong WordLength(ulong rangeBytes) => BitmapArguments.WordsFor(new Granule((uint)PageBytes).PagesFor(rangeBytes));

    /// <summary>The buffer's length in bytes, as the query wants to be told it.</summary>
    /// <param name="rangeBytes">The range's length in bytes; a last page may be there in part.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is 2^32 and more, from 128 TiB on: query the range in parts.</exception>
    public static uint ByteLength(ulong rangeBytes)
    {
        ulong bytes = WordLength(rangeBytes) * sizeof(ulong);
        return bytes <= uint.MaxValue
            ? (uint)bytes
            : throw new ArgumentOutOfRangeException(
                nameof(rangeBytes), rangeBytes, $"The bitmap has {bytes} bytes, and a query fills less than 2^32: query the range in parts.");
    }

    /// <summary>Copies a bitmap that a query has filled.</summary>
    /// <param name="source">The buffer; words behind the bitmap's last one are not looked at.</param>
    /// <param name="bits">How many pages were queried.</param>
    /// <param name="destination">The bitmap; words behind its last one stay as they are. It may be the source.</param>
    /// <exception cref="ArgumentException">
    /// A span is too small, or bits beyond the range are set: then the two sides do not agree on the length. Nothing was changed.
    /// </exception>
    public static void Import(ReadOnlySpan<ulong> source, ulong bits, Span<ulong> destination)
    {
        BitmapArguments.CheckSpan(source, bits);
        BitmapArguments.CheckSpan(destination, bits);
        BitmapArguments.CheckPadding(source, bits);
        source[..(int)BitmapArguments.WordsFor(bits)].CopyTo(destination);
    }

    /// <summary>Writes a bitmap as a query would fill it. Padding is ignored, and 0 in the destination.</summary>
    /// <param name="words">The bitmap.</param>
    /// <param name="bits">Its length.</param>
    /// <param name="destination">The buffer; words behind the bitmap's last one stay as they are. It may be the bitmap.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than the words hold.</exception>
    /// <exception cref="ArgumentException">The destination is too small. Nothing was changed.</exception>
    public static void Export(ReadOnlySpan<ulong> words, ulong bits, Span<ulong> destination)
    {
        BitmapArguments.CheckBits(words, bits);
        BitmapArguments.CheckSpan(destination, bits);
        if (bits == 0)
            return;
        int last = (int)BitmapArguments.WordsFor(bits) - 1;
        ulong lastWord = words[last] & BitmapArguments.LastWordMask(bits);
        words[..last].CopyTo(destination);
        destination[last] = lastWord;
    }
}
