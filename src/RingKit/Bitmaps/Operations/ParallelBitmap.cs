using CommunityToolkit.HighPerformance.Buffers;
using CommunityToolkit.HighPerformance.Helpers;
using RingKit.Bitmaps.Operations.Kernels;

namespace RingKit.Bitmaps.Operations;

/// <summary>Whole-bitmap operations on all cores, for bitmaps of many MiB, where other cores are idle; docs/bitmaps.md says what a second one gains.</summary>
/// <remarks>
/// Not done behind the caller's back in <see cref="BitmapLogic"/> and <see cref="BitmapCount"/>, since the other cores may be running vCPUs. A bitmap of less
/// than 4 MiB is combined, and one of less than 8 MiB counted, by the calling thread. Results, arguments and padding are as there; unlike there, a few objects are allocated.
/// </remarks>
public static unsafe class ParallelBitmap
{
    // A second thread takes 20 to 50 us to wake up, so each has as much to do by itself: 4 MiB to count, 2 MiB to combine (PopCountBenchmarks,
    // BitmapLogicBenchmarks). Counting lost by 1 MiB at every size up to 8 MiB.
    private const int CountChunkWords = 1 << 19;
    private const int CombineChunkWords = 1 << 18;

    /// <inheritdoc cref="BitmapLogic.And(Span{ulong}, ReadOnlySpan{ulong}, ulong)"/>
    public static void And(Span<ulong> bitmap, ReadOnlySpan<ulong> other, ulong bits) =>
        CombineInPlace<BitOperators.And>(bitmap, other, bits);

    /// <inheritdoc cref="BitmapLogic.Or(Span{ulong}, ReadOnlySpan{ulong}, ulong)"/>
    public static void Or(Span<ulong> bitmap, ReadOnlySpan<ulong> other, ulong bits) =>
        CombineInPlace<BitOperators.Or>(bitmap, other, bits);

    /// <inheritdoc cref="BitmapLogic.Xor(Span{ulong}, ReadOnlySpan{ulong}, ulong)"/>
    public static void Xor(Span<ulong> bitmap, ReadOnlySpan<ulong> other, ulong bits) =>
        CombineInPlace<BitOperators.Xor>(bitmap, other, bits);

    /// <inheritdoc cref="BitmapLogic.AndNot(Span{ulong}, ReadOnlySpan{ulong}, ulong)"/>
    public static void AndNot(Span<ulong> bitmap, ReadOnlySpan<ulong> other, ulong bits) =>
        CombineInPlace<BitOperators.AndNot>(bitmap, other, bits);

    /// <inheritdoc cref="BitmapLogic.Not(Span{ulong}, ulong)"/>
    public static void Not(Span<ulong> bitmap, ulong bits) => CombineInPlace<BitOperators.Not>(bitmap, bitmap, bits);

    /// <inheritdoc cref="BitmapLogic.And(ReadOnlySpan{ulong}, ReadOnlySpan{ulong}, Span{ulong}, ulong)"/>
    public static void And(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> destination, ulong bits) =>
        Combine<BitOperators.And>(left, right, destination, bits);

    /// <inheritdoc cref="BitmapLogic.Or(ReadOnlySpan{ulong}, ReadOnlySpan{ulong}, Span{ulong}, ulong)"/>
    public static void Or(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> destination, ulong bits) =>
        Combine<BitOperators.Or>(left, right, destination, bits);

    /// <inheritdoc cref="BitmapLogic.Xor(ReadOnlySpan{ulong}, ReadOnlySpan{ulong}, Span{ulong}, ulong)"/>
    public static void Xor(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> destination, ulong bits) =>
        Combine<BitOperators.Xor>(left, right, destination, bits);

    /// <inheritdoc cref="BitmapLogic.AndNot(ReadOnlySpan{ulong}, ReadOnlySpan{ulong}, Span{ulong}, ulong)"/>
    public static void AndNot(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> destination, ulong bits) =>
        Combine<BitOperators.AndNot>(left, right, destination, bits);

    /// <inheritdoc cref="BitmapCount.Count(ReadOnlySpan{ulong}, ulong)"/>
    public static ulong Count(ReadOnlySpan<ulong> words, ulong bits)
    {
        BitmapArguments.CheckBits(words, bits);
        int whole = (int)(bits / 64);
        int chunks = whole / CountChunkWords;
        if (chunks < 2)
            return BitmapCount.Count(words, bits);

        using SpanOwner<ulong> counts = SpanOwner<ulong>.Allocate(chunks);
        fixed (ulong* first = words, sums = counts.Span)
            ParallelHelper.For(0, chunks, new CountChunk(first, sums, chunks, whole), 1);

        ulong count = BitmapCount.Count(words[whole..], bits - ((ulong)whole * 64));
        foreach (ulong sum in counts.Span)
            count += sum;
        return count;
    }

    private static void CombineInPlace<TOperator>(Span<ulong> bitmap, ReadOnlySpan<ulong> other, ulong bits)
        where TOperator : struct, IBitOperator
    {
        BitmapLogic.CheckInPlace(bitmap, other, bits);
        CombineChecked<TOperator>(bitmap, other, bitmap, bits);
    }

    private static void Combine<TOperator>(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> destination, ulong bits)
        where TOperator : struct, IBitOperator
    {
        BitmapLogic.Check(left, right, destination, bits);
        CombineChecked<TOperator>(left, right, destination, bits);
    }

    private static void CombineChecked<TOperator>(ReadOnlySpan<ulong> left, ReadOnlySpan<ulong> right, Span<ulong> destination, ulong bits)
        where TOperator : struct, IBitOperator
    {
        int words = (int)BitmapArguments.WordsFor(bits);
        int chunks = words / CombineChunkWords;
        if (chunks < 2)
        {
            BitmapLogic.CombineChecked<TOperator>(left, right, destination, bits);
            return;
        }

        fixed (ulong* leftWords = left, rightWords = right, destinationWords = destination)
            ParallelHelper.For(0, chunks, new CombineChunk<TOperator>(leftWords, rightWords, destinationWords, chunks, words), 1);
        destination[words - 1] &= BitmapArguments.LastWordMask(bits);
    }

    /// <summary>Where a chunk lies; the last one has the rest too.</summary>
    private static (nuint First, nuint Length) Chunk(int index, int chunks, int chunkWords, int words)
    {
        nuint first = (nuint)index * (nuint)chunkWords;
        return (first, index == chunks - 1 ? (nuint)words - first : (nuint)chunkWords);
    }

    // Invariant: the pointers are pinned, with the given numbers of words behind them, until the call that runs the actions returns.
    private readonly struct CountChunk(ulong* words, ulong* sums, int chunks, int length) : IAction
    {
        public void Invoke(int i)
        {
            (nuint first, nuint count) = Chunk(i, chunks, CountChunkWords, length);
            sums[i] = PopCountKernel.Count(in words[first], count);
        }
    }

    // Invariant: as above. Chunks share no word, so the actions do not meet.
    private readonly struct CombineChunk<TOperator>(ulong* left, ulong* right, ulong* destination, int chunks, int length) : IAction
        where TOperator : struct, IBitOperator
    {
        public void Invoke(int i)
        {
            (nuint first, nuint count) = Chunk(i, chunks, CombineChunkWords, length);
            LogicKernel.Combine<TOperator>(in left[first], in right[first], ref destination[first], count);
        }
    }
}
