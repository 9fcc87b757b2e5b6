using System.Numerics;
using System.Runtime.CompilerServices;

namespace RingKit.Bitmaps.Decoding;

/// <summary>
/// Decodes whole words one after the other, each group of 64 by the way that suits the group before it: where nearly every word had one bit that is
/// <see cref="LoopDecoder"/>, whose branch is then foreseen.
/// </summary>
/// <typeparam name="TSparse">For words with few bits.</typeparam>
/// <typeparam name="TDense">For words with many.</typeparam>
internal static class WordsDecoder<TSparse, TDense>
    where TSparse : struct, IWordDecoder
    where TDense : struct, IWordDecoder
{
    /// <summary>Decodes words until they end or fewer than 64 places are left.</summary>
    /// <param name="words">The first word.</param>
    /// <param name="from">The word to begin with; moved on to the first that was not decoded.</param>
    /// <param name="length">Where the words end.</param>
    /// <param name="first">The index of bit 0 of the first word.</param>
    /// <param name="destination">The first place.</param>
    /// <param name="room">How many places there are. All may be overwritten, whatever is returned.</param>
    /// <param name="denseFrom">With how many bits a word that is not 0, on average, the next group is dense.</param>
    /// <typeparam name="T"><see cref="uint"/> or <see cref="ulong"/>.</typeparam>
    /// <returns>How many indices were written.</returns>
    public static nuint Decode<T>(
        ref readonly ulong words, ref nuint from, nuint length, T first, ref T destination, nuint room, nuint denseFrom)
        where T : unmanaged, IBinaryInteger<T>
    {
        // A choice for each word would be mispredicted where words differ; neighbouring groups are alike.
        bool isDense = false;
        bool isSingle = false;
        nuint taken = 0;
        while (room - taken >= 64)
        {
            nuint next = from;
            nuint group = NonZeroScan.FindGroup(in words, ref next, length, out ulong left);
            nuint takenBefore = taken;
            nuint wordsInGroup = (nuint)BitOperations.PopCount(left);
            ref ulong start = ref Unsafe.Add(ref Unsafe.AsRef(in words), group);
            T index = first + T.CreateTruncating((ulong)group * 64);
            if (isDense && left == ulong.MaxValue && room - taken >= 64 * 64)
                DecodeFullGroup<TDense, T>(ref start, ref left, index, ref destination, ref taken);
            else if (isDense)
                DecodeGroup<TDense, T>(ref start, ref left, index, ref destination, ref taken, room - 64);
            else if (isSingle)
                DecodeGroup<LoopDecoder, T>(ref start, ref left, index, ref destination, ref taken, room - 64);
            else
                DecodeGroup<TSparse, T>(ref start, ref left, index, ref destination, ref taken, room - 64);

            if (left != 0)
            {
                from = group + (nuint)BitOperations.TrailingZeroCount(left);
                break;
            }

            from = next;
            if (next == length)
                break;
            isDense = taken - takenBefore >= wordsInGroup * denseFrom;
            isSingle = (taken - takenBefore) * 8 <= wordsInGroup * 9;
        }

        return taken;
    }

    // Invariant: each turn begins with taken <= lastStart, so that the 64 places behind it are the destination's. Not inlined: both
    // ways in one method need more registers than there are, and the loops would work on the stack.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void DecodeGroup<TWord, T>(
        ref ulong start, ref ulong left, T index, ref T destination, ref nuint taken, nuint lastStart)
        where TWord : struct, IWordDecoder
        where T : unmanaged, IBinaryInteger<T>
    {
        ulong rest = left;
        nuint count = taken;
        for (; rest != 0 && count <= lastStart; rest &= rest - 1)
        {
            int word = BitOperations.TrailingZeroCount(rest);
            count += TWord.Decode(Unsafe.Add(ref start, word), index + T.CreateTruncating(word * 64), ref Unsafe.Add(ref destination, count));
        }

        (left, taken) = (rest, count);
    }

    // Invariant: there are places for 64 words of 64 bits, so no word needs to look. What a mask of the words would cost is a tenth for the plain loop.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void DecodeFullGroup<TWord, T>(ref ulong start, ref ulong left, T index, ref T destination, ref nuint taken)
        where TWord : struct, IWordDecoder
        where T : unmanaged, IBinaryInteger<T>
    {
        nuint count = taken;
        for (nuint word = 0; word < 64; word++)
        {
            count += TWord.Decode(Unsafe.Add(ref start, word), index, ref Unsafe.Add(ref destination, count));
            index += T.CreateTruncating(64);
        }

        (left, taken) = (0, count);
    }
}
