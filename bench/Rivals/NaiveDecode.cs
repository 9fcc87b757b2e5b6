using System.Numerics;

namespace RingKit.Bench.Rivals;

/// <summary>The two decoders that come to mind first.</summary>
internal static class NaiveDecode
{
    /// <summary>Looks at every bit.</summary>
    public static int EveryBit(ReadOnlySpan<ulong> words, Span<uint> destination)
    {
        int count = 0;
        for (int bit = 0; bit < words.Length * 64; bit++)
        {
            if ((words[bit >> 6] >> bit & 1) != 0)
                destination[count++] = (uint)bit;
        }

        return count;
    }

    /// <summary>Looks at every word, and takes its bits one by one: the plain loop.</summary>
    public static int EveryWord(ReadOnlySpan<ulong> words, Span<uint> destination)
    {
        int count = 0;
        for (int word = 0; word < words.Length; word++)
        {
            for (ulong rest = words[word]; rest != 0; rest &= rest - 1)
                destination[count++] = (uint)((word * 64) + BitOperations.TrailingZeroCount(rest));
        }

        return count;
    }
}
