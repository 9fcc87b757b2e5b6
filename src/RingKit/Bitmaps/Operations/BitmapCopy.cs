using System.Runtime.InteropServices;
using RingKit.Bitmaps.Operations.Kernels;

namespace RingKit.Bitmaps.Operations;

/// <summary>Copies bits to other bit numbers, of another bitmap or of the same one.</summary>
/// <remarks>
/// Thread role: any thread, over memory that nobody else writes meanwhile. Bit i is bit i % 64 of word i / 64. All bits of the destination outside the range
/// stay as they are, padding included.
/// </remarks>
public static class BitmapCopy
{
    /// <summary>Copies a range of bits. Source and destination may overlap: the destination then has what the source had before.</summary>
    /// <param name="source">The bitmap to read.</param>
    /// <param name="sourceFirst">The first bit there.</param>
    /// <param name="destination">The bitmap to write.</param>
    /// <param name="destinationFirst">The first bit there, in any position to the other.</param>
    /// <param name="count">How many bits; may be 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The range is not within the words of the source or of the destination (named by the first bit if that is outside). Nothing was changed.
    /// </exception>
    /// <exception cref="ArgumentException">The spans overlap and lie apart by no multiple of a word. Nothing was changed.</exception>
    public static void Copy(ReadOnlySpan<ulong> source, ulong sourceFirst, Span<ulong> destination, ulong destinationFirst, ulong count)
    {
        BitmapArguments.CheckRange(sourceFirst, count, BitmapArguments.BitsOf(source));
        BitmapArguments.CheckRange(destinationFirst, count, BitmapArguments.BitsOf(destination));
        BitmapArguments.CheckWordsApart(source, destination);
        bool towardsHigher = source.Overlaps(destination, out int wordsApart)
            && ((long)wordsApart * 64) + (long)destinationFirst > (long)sourceFirst;
        if (count == 0)
            return;

        // Both ends are read before the middle is written, and written after it has been read: so they may overlap it.
        var range = new RangeWords(destinationFirst, count);
        int firstShift = (int)(destinationFirst & 63);
        ulong firstCount = Math.Min(64 - (uint)firstShift, count);
        ulong firstBits = Read(source, sourceFirst, firstCount) << firstShift;
        ulong lastCount = range.LastMask == 0 ? 0 : ((destinationFirst + count - 1) & 63) + 1;
        ulong lastBits = Read(source, sourceFirst + count - lastCount, lastCount);

        int middle = range.Last - range.First - 1;
        if (middle > 0)
            CopyWords(source, sourceFirst + firstCount, destination.Slice(range.First + 1, middle), towardsHigher);

        destination[range.First] = (destination[range.First] & ~range.FirstMask) | (firstBits & range.FirstMask);
        destination[range.Last] = (destination[range.Last] & ~range.LastMask) | (lastBits & range.LastMask);
    }

    /// <summary>Fills whole words.</summary>
    private static void CopyWords(ReadOnlySpan<ulong> source, ulong sourceFirst, Span<ulong> destination, bool towardsHigher)
    {
        int shift = (int)(sourceFirst & 63);
        ReadOnlySpan<ulong> words = source.Slice((int)(sourceFirst >> 6), destination.Length + (shift == 0 ? 0 : 1));
        ref readonly ulong from = ref MemoryMarshal.GetReference(words);
        ref ulong to = ref MemoryMarshal.GetReference(destination);
        if (shift == 0)
            words.CopyTo(destination);
        else if (towardsHigher)
            ShiftKernel.Downwards(in from, shift, ref to, (nuint)destination.Length);
        else
            ShiftKernel.Upwards(in from, shift, ref to, (nuint)destination.Length);
    }

    /// <summary>Up to 64 bits, in the lowest places. Bits above them may be anything.</summary>
    private static ulong Read(ReadOnlySpan<ulong> source, ulong first, ulong count)
    {
        if (count == 0)
            return 0;
        int word = (int)(first >> 6);
        int shift = (int)(first & 63);
        ulong low = source[word] >> shift;
        return (uint)shift + count <= 64 ? low : low | (source[word + 1] << (64 - shift));
    }
}
