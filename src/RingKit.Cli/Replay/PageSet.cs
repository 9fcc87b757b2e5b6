using System.Numerics;
using System.Runtime.CompilerServices;

namespace RingKit.Cli.Replay;

/// <summary>A set of guest frames; it grows with the highest of them. Cleared and filled again every interval.</summary>
internal sealed class PageSet
{
    private ulong[] _words = new ulong[64];

    /// <summary>How many frames are in the set; counts them.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (ulong word in _words)
                count += BitOperations.PopCount(word);
            return count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ulong gfn)
    {
        ulong[] words = _words;
        ulong word = gfn >> 6;
        if (word < (uint)words.Length)
            words[word] |= 1UL << (int)gfn;
        else
            GrowAndAdd(gfn);
    }

    /// <summary>Adds the frames of a mask: bit i stands for <paramref name="baseGfn"/> + i.</summary>
    public void Add(ulong baseGfn, ulong mask)
    {
        for (; mask != 0; mask &= mask - 1)
            Add(baseGfn + (uint)BitOperations.TrailingZeroCount(mask));
    }

    public void UnionWith(PageSet other)
    {
        EnsureWords(other._words.Length);
        for (int i = 0; i < other._words.Length; i++)
            _words[i] |= other._words[i];
    }

    public bool Contains(ulong gfn) => gfn >> 6 < (uint)_words.Length && (_words[gfn >> 6] >> (int)gfn & 1) != 0;

    /// <summary>The lowest frame that is in one of the two sets alone, or null if they are equal.</summary>
    public ulong? FirstDifference(PageSet other)
    {
        for (int i = 0; i < Math.Max(_words.Length, other._words.Length); i++)
        {
            ulong difference = WordAt(i) ^ other.WordAt(i);
            if (difference != 0)
                return (ulong)i * 64 + (uint)BitOperations.TrailingZeroCount(difference);
        }

        return null;
    }

    public void Clear() => Array.Clear(_words);

    private ulong WordAt(int index) => index < _words.Length ? _words[index] : 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GrowAndAdd(ulong gfn)
    {
        EnsureWords(checked((int)(gfn >> 6) + 1));
        Add(gfn);
    }

    private void EnsureWords(int words)
    {
        if (words > _words.Length)
            Array.Resize(ref _words, (int)BitOperations.RoundUpToPowerOf2((uint)words));
    }
}
