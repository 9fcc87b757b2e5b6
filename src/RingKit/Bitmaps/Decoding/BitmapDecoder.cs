using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using RingKit.Bitmaps.Operations;

namespace RingKit.Bitmaps.Decoding;

/// <summary>Turns bitmaps into the indices of their set bits, by the fastest way that the processor has; see docs/bitmaps.md.</summary>
/// <remarks>
/// Thread role: the words are plain memory that nobody writes meanwhile; take them out of a shared bitmap first, as
/// <see cref="DirtyBitmap.HarvestIndices(Span{ulong}, ref ulong)"/> does. Bit i of word w has the index <c>firstIndex + 64 * w + i</c>.
/// </remarks>
public static class BitmapDecoder
{
    // Bits a word from which a group is dense, for each way: measured by DecodeBenchmarks, docs/bitmaps.md.
    internal const nuint TableFrom = 4;
    internal const nuint WideCompressFrom = 3;
    internal const nuint UnrolledFrom = 2;
    private const nuint CompressAllFrom = 11;

    // The choice. On processors that lower their clock for it, 512-bit vectors count as not accelerated. The JIT keeps one branch.
    private static bool HasByteCompress => Vector512.IsHardwareAccelerated && CompressDecoder.IsSupported;

    private static bool HasWideCompress => Vector512.IsHardwareAccelerated && WideCompressDecoder.IsSupported;

    // Without tzcnt, whose stand-in asks whether there is a bit at all, the unrolled loop's look at bits that are not there is dear.
    private static bool HasUnrolled => Bmi1.X64.IsSupported || ArmBase.Arm64.IsSupported;

    /// <summary>The way that this processor is given, by its instruction.</summary>
    internal static string Method =>
        HasByteCompress ? "vpcompressb"
        : HasWideCompress ? "vpcompressd"
        : TableDecoder.IsSupported ? "AVX2 table"
        : HasUnrolled ? "unrolled loop"
        : "loop";

    /// <summary>Writes the indices of the set bits, ascending, as many as there is room for.</summary>
    /// <param name="words">The bitmap.</param>
    /// <param name="firstIndex">The index of bit 0; that of the last bit must be at most <see cref="uint.MaxValue"/>.</param>
    /// <param name="destination">Filled from its start. Places behind the indices may be overwritten.</param>
    /// <param name="cursor">The bit to go on from, 0 at first; moved on, and 64 times the number of words when the end is reached.</param>
    /// <returns>How many indices were written. If there is a place left, the end is reached.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The last index is too large, or the cursor is behind the last bit.</exception>
    /// <exception cref="ArgumentException">The words and the destination overlap.</exception>
    public static int Decode(ReadOnlySpan<ulong> words, uint firstIndex, Span<uint> destination, ref ulong cursor)
    {
        Check(words, firstIndex, uint.MaxValue - firstIndex, destination, cursor);
        if (HasByteCompress)
            return Decode<SparseCompressDecoder, CompressDecoder, uint>(words, firstIndex, destination, ref cursor, CompressAllFrom);
        if (HasWideCompress)
            return Decode<UnrolledDecoder, WideCompressDecoder, uint>(words, firstIndex, destination, ref cursor, WideCompressFrom);
        if (TableDecoder.IsSupported)
            return Decode<UnrolledDecoder, TableDecoder, uint>(words, firstIndex, destination, ref cursor, TableFrom);
        if (HasUnrolled)
            return Decode<UnrolledDecoder, UnrolledDecoder, uint>(words, firstIndex, destination, ref cursor, UnrolledFrom);
        return Decode<LoopDecoder, LoopDecoder, uint>(words, firstIndex, destination, ref cursor);
    }

    /// <summary>Writes the indices of the set bits, ascending, as many as there is room for.</summary>
    /// <param name="words">The bitmap.</param>
    /// <param name="firstIndex">The index of bit 0; that of the last bit must be at most <see cref="ulong.MaxValue"/>.</param>
    /// <param name="destination">Filled from its start. Places behind the indices may be overwritten.</param>
    /// <param name="cursor">The bit to go on from, 0 at first; moved on, and 64 times the number of words when the end is reached.</param>
    /// <returns>How many indices were written. If there is a place left, the end is reached.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The last index is too large, or the cursor is behind the last bit.</exception>
    /// <exception cref="ArgumentException">The words and the destination overlap.</exception>
    public static int Decode(ReadOnlySpan<ulong> words, ulong firstIndex, Span<ulong> destination, ref ulong cursor)
    {
        Check(words, firstIndex, ulong.MaxValue - firstIndex, destination, cursor);
        if (HasByteCompress)
            return Decode<SparseCompressDecoder, CompressDecoder, ulong>(words, firstIndex, destination, ref cursor, CompressAllFrom);
        if (HasWideCompress)
            return Decode<UnrolledDecoder, WideCompressDecoder, ulong>(words, firstIndex, destination, ref cursor, WideCompressFrom);
        if (TableDecoder.IsSupported)
            return Decode<UnrolledDecoder, TableDecoder, ulong>(words, firstIndex, destination, ref cursor, TableFrom);
        if (HasUnrolled)
            return Decode<UnrolledDecoder, UnrolledDecoder, ulong>(words, firstIndex, destination, ref cursor, UnrolledFrom);
        return Decode<LoopDecoder, LoopDecoder, ulong>(words, firstIndex, destination, ref cursor);
    }

    /// <summary>Writes the indices of one mask's set bits, ascending: for sinks that take masks.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="firstIndex">The index of bit 0, at most <see cref="uint.MaxValue"/> - 63.</param>
    /// <param name="destination">Filled from its start; with 64 places or more it is faster. Places behind the indices may be overwritten.</param>
    /// <returns>How many bits are set.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The first index is too large.</exception>
    /// <exception cref="ArgumentException">There are fewer places than set bits; nothing was written.</exception>
    public static int Decode(ulong mask, uint firstIndex, Span<uint> destination)
    {
        if (firstIndex > uint.MaxValue - 63)
            ThrowFirstIndex(firstIndex, 63, uint.MaxValue);
        return DecodeMask(mask, firstIndex, destination);
    }

    /// <summary>Writes the indices of one mask's set bits, ascending: for sinks that take masks.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="firstIndex">The index of bit 0, at most <see cref="ulong.MaxValue"/> - 63.</param>
    /// <param name="destination">Filled from its start; with 64 places or more it is faster. Places behind the indices may be overwritten.</param>
    /// <returns>How many bits are set.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The first index is too large.</exception>
    /// <exception cref="ArgumentException">There are fewer places than set bits; nothing was written.</exception>
    public static int Decode(ulong mask, ulong firstIndex, Span<ulong> destination)
    {
        if (firstIndex > ulong.MaxValue - 63)
            ThrowFirstIndex(firstIndex, 63, ulong.MaxValue);
        return DecodeMask(mask, firstIndex, destination);
    }

    /// <summary>One way, or two, for all processors that have it: for tests and benchmarks.</summary>
    internal static int Decode<TSparse, TDense, T>(
        ReadOnlySpan<ulong> words, T firstIndex, Span<T> destination, ref ulong cursor, nuint denseFrom = 1)
        where TSparse : struct, IWordDecoder
        where TDense : struct, IWordDecoder
        where T : unmanaged, IBinaryInteger<T>
    {
        int taken = 0;
        if (cursor % 64 != 0)
            taken = DecodePart(words, firstIndex, destination, ref cursor);

        nuint word = (nuint)(cursor / 64);
        if (cursor % 64 == 0 && word < (nuint)words.Length && destination.Length - taken >= 64)
        {
            Span<T> rest = destination[taken..];
            taken += (int)WordsDecoder<TSparse, TDense>.Decode(
                in MemoryMarshal.GetReference(words),
                ref word,
                (nuint)words.Length,
                firstIndex,
                ref MemoryMarshal.GetReference(rest),
                (nuint)rest.Length,
                denseFrom);
            cursor = (ulong)word * 64;
        }

        // What no longer has 64 places.
        while (taken < destination.Length && cursor < (ulong)words.Length * 64)
        {
            if (cursor % 64 == 0)
                cursor = (ulong)NonZeroScan.Find(in MemoryMarshal.GetReference(words), (nuint)(cursor / 64), (nuint)words.Length) * 64;
            if (cursor < (ulong)words.Length * 64)
                taken += DecodePart(words, firstIndex, destination[taken..], ref cursor);
        }

        return taken;
    }

    // From the cursor to the end of its word, or until the destination is full.
    private static int DecodePart<T>(ReadOnlySpan<ulong> words, T firstIndex, Span<T> destination, ref ulong cursor)
        where T : unmanaged, IBinaryInteger<T>
    {
        ulong start = cursor & ~63UL;
        ulong rest = words[(int)(cursor / 64)] & (ulong.MaxValue << (int)cursor);
        int taken = 0;
        for (; rest != 0 && taken < destination.Length; rest &= rest - 1)
            destination[taken++] = firstIndex + T.CreateTruncating(start + (uint)BitOperations.TrailingZeroCount(rest));
        cursor = start + (uint)BitOperations.TrailingZeroCount(rest);
        return taken;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int DecodeMask<T>(ulong mask, T firstIndex, Span<T> destination)
        where T : unmanaged, IBinaryInteger<T>
    {
        ref T place = ref MemoryMarshal.GetReference(destination);
        if (destination.Length >= 64)
            return (int)DecodeMask(mask, firstIndex, ref place);

        if (BitOperations.PopCount(mask) > destination.Length)
            ThrowTooShort(mask, destination);
        return (int)LoopDecoder.Decode(mask, firstIndex, ref place);
    }

    /// <summary>Writes the indices of one mask's set bits: for loops around an atomic step, in which a check would cost as much as the decoding.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="firstIndex">The index of bit 0.</param>
    /// <param name="place">The first of 64 places, all of which may be overwritten.</param>
    /// <typeparam name="T"><see cref="uint"/> or <see cref="ulong"/>.</typeparam>
    /// <returns>How many bits are set.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static nuint DecodeMask<T>(ulong mask, T firstIndex, ref T place)
        where T : unmanaged, IBinaryInteger<T> =>
        HasByteCompress ? SparseCompressDecoder.DecodeByOneVector(mask, firstIndex, ref place)
        : HasUnrolled ? UnrolledDecoder.Decode(mask, firstIndex, ref place)
        : LoopDecoder.Decode(mask, firstIndex, ref place);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Check<T>(ReadOnlySpan<ulong> words, ulong firstIndex, ulong indicesBehind, Span<T> destination, ulong cursor)
        where T : unmanaged
    {
        ulong bits = (ulong)words.Length * 64;
        if (bits != 0 && bits - 1 > indicesBehind)
            ThrowFirstIndex(firstIndex, bits - 1, firstIndex + indicesBehind);
        if (cursor > bits)
            ThrowCursor(cursor, bits);
        if (BitmapArguments.Overlap(words, (ReadOnlySpan<T>)destination, out _))
            ThrowOverlap(destination);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowFirstIndex(ulong firstIndex, ulong lastBit, ulong maximum) => throw new ArgumentOutOfRangeException(
        nameof(firstIndex), firstIndex, $"The index of bit {lastBit} must be at most {maximum}: the first at most {maximum - lastBit}.");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowCursor(ulong cursor, ulong bits) =>
        throw new ArgumentOutOfRangeException(nameof(cursor), cursor, $"The words have {bits} bits.");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowTooShort<T>(ulong mask, Span<T> destination) => throw new ArgumentException(
        $"The mask has {BitOperations.PopCount(mask)} bits set, and the destination {destination.Length} places.", nameof(destination));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOverlap<T>(Span<T> destination) =>
        throw new ArgumentException($"Its {destination.Length} places overlap the words.", nameof(destination));
}
