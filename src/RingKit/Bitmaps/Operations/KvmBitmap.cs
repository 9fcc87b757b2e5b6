using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance.Buffers;

namespace RingKit.Bitmaps.Operations;

/// <summary>Bitmaps in the bytes that KVM_GET_DIRTY_LOG and KVM_CLEAR_DIRTY_LOG exchange.</summary>
/// <remarks>
/// Bit i is bit i % 8 of byte i / 8, on every host; the length is a multiple of 8 bytes; bits beyond the last page, the padding, are 0. Thread role: any thread,
/// over memory that nobody else writes meanwhile.
/// </remarks>
public static class KvmBitmap
{
    /// <summary>How many bytes a bitmap takes: a multiple of 8.</summary>
    /// <param name="bits">Its length in bits.</param>
    public static ulong ByteLength(ulong bits) => checked(BitmapArguments.WordsFor(bits) * sizeof(ulong));

    /// <summary>Writes a bitmap as KVM lays it out. Padding of the words is ignored, and 0 in the bytes.</summary>
    /// <param name="words">The bitmap.</param>
    /// <param name="bits">Its length.</param>
    /// <param name="destination">At least <see cref="ByteLength"/> bytes; bytes behind these stay as they are. Must not overlap the words.</param>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than the words hold.</exception>
    /// <exception cref="ArgumentException">The destination is too small or overlaps the words. Nothing was changed.</exception>
    public static int Export(ReadOnlySpan<ulong> words, ulong bits, Span<byte> destination)
    {
        BitmapArguments.CheckBits(words, bits);
        CheckBytes(destination.Length, bits, nameof(destination));
        int bytes = (int)ByteLength(bits);
        CheckOverlap(words[..(bytes / sizeof(ulong))], destination[..bytes], nameof(destination));
        ExportChecked(words, bits, destination[..bytes]);
        return bytes;
    }

    /// <summary>The same into pooled memory of exactly <see cref="ByteLength"/> bytes, which the caller disposes.</summary>
    /// <param name="words">The bitmap.</param>
    /// <param name="bits">Its length.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is more than the words hold, or than fits an array of bytes.</exception>
    public static MemoryOwner<byte> Export(ReadOnlySpan<ulong> words, ulong bits)
    {
        BitmapArguments.CheckBits(words, bits);
        if (ByteLength(bits) > (ulong)Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(bits), bits, $"An array holds at most {(ulong)Array.MaxLength / 8 * 64} bits.");

        MemoryOwner<byte> owner = MemoryOwner<byte>.Allocate((int)ByteLength(bits));
        ExportChecked(words, bits, owner.Span);
        return owner;
    }

    /// <summary>Reads a bitmap from bytes that KVM, or who speaks its language, has laid out.</summary>
    /// <param name="source">At least <see cref="ByteLength"/> bytes; bytes behind these are not looked at.</param>
    /// <param name="bits">The bitmap's length.</param>
    /// <param name="destination">The bitmap; words behind its last one stay as they are. Must not overlap the bytes.</param>
    /// <exception cref="ArgumentException">
    /// A span is too small, they overlap, or padding is set in the source: then the two sides do not agree on the length. Nothing was changed.
    /// </exception>
    public static void Import(ReadOnlySpan<byte> source, ulong bits, Span<ulong> destination)
    {
        CheckBytes(source.Length, bits, nameof(source));
        BitmapArguments.CheckSpan(destination, bits);
        int bytes = (int)ByteLength(bits);
        ReadOnlySpan<byte> used = source[..bytes];
        Span<ulong> words = destination[..(bytes / sizeof(ulong))];
        CheckOverlap(words, used, nameof(destination));
        CheckPadding(source, bits);
        used.CopyTo(MemoryMarshal.AsBytes(words));
        if (!BitConverter.IsLittleEndian)
            BinaryPrimitives.ReverseEndianness(words, words);
    }

    private static void ExportChecked(ReadOnlySpan<ulong> words, ulong bits, Span<byte> destination)
    {
        if (destination.IsEmpty)
            return;

        int last = (destination.Length / sizeof(ulong)) - 1;
        if (BitConverter.IsLittleEndian)
        {
            MemoryMarshal.AsBytes(words[..last]).CopyTo(destination);
        }
        else
        {
            // The bytes need not be aligned for words.
            for (int i = 0; i < last; i++)
                BinaryPrimitives.WriteUInt64LittleEndian(destination[(i * sizeof(ulong))..], words[i]);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(destination[(last * sizeof(ulong))..], words[last] & BitmapArguments.LastWordMask(bits));
    }

    internal static void CheckBytes(int length, ulong bits, string name)
    {
        // In words, which overflow for no number of bits.
        if (BitmapArguments.WordsFor(bits) > (uint)length / sizeof(ulong))
        {
            throw new ArgumentException(
                $"A bitmap of {bits} bits takes {BitmapArguments.WordsFor(bits)} times 8 bytes, and the span has {length} bytes.", name);
        }
    }

    /// <summary>Checks that bytes, enough of them, have no bits behind the last one: else the two sides do not agree on the length.</summary>
    internal static void CheckPadding(ReadOnlySpan<byte> source, ulong bits)
    {
        if (bits % 64 == 0)
            return;
        ulong padding = BinaryPrimitives.ReadUInt64LittleEndian(source[(int)(bits / 64 * sizeof(ulong))..]) & ~BitmapArguments.LastWordMask(bits);
        if (padding != 0)
            throw BitmapArguments.PaddingSet(bits, padding, "8 bytes", nameof(source));
    }

    private static void CheckOverlap(ReadOnlySpan<ulong> words, ReadOnlySpan<byte> bytes, string name)
    {
        if (MemoryMarshal.AsBytes(words).Overlaps(bytes))
            throw new ArgumentException("Bytes and words must not overlap.", name);
    }
}
