using System.Buffers.Binary;

namespace RingKit.Sweeps;

/// <summary>Which pairs a sweep reports: the candidates, and those to look at again.</summary>
/// <remarks>
/// A pair is a candidate if <c>(first &amp; First) == First &amp;&amp; (second &amp; Second) == Second</c>: it has all the bits that are wanted. It is one to
/// look at again if it is no candidate and the same holds for <see cref="AgainFirst"/> and <see cref="AgainSecond"/>: its owner has it in
/// hand, and it may be a candidate as soon as he lets go. A mask of 0 wants nothing of its word. If both masks for candidates are 0
/// every pair is one (the default filter); if both masks for looking again are 0 there is no such class, and no cost.
/// </remarks>
public readonly record struct PairFilter
{
    /// <summary>Wants bits of words that are in this machine's byte order, or masks that are swapped already.</summary>
    /// <param name="first">The bits that the first word of a candidate must have.</param>
    /// <param name="second">The bits that its second word must have.</param>
    /// <param name="againFirst">The bits that the first word of a pair to look at again must have.</param>
    /// <param name="againSecond">The bits that its second word must have.</param>
    public PairFilter(ulong first, ulong second, ulong againFirst = 0, ulong againSecond = 0)
    {
        First = first;
        Second = second;
        AgainFirst = againFirst;
        AgainSecond = againSecond;
    }

    /// <summary>The bits that the first word of a candidate must have, in this machine's byte order.</summary>
    public ulong First { get; }

    /// <summary>The bits that the second word of a candidate must have.</summary>
    public ulong Second { get; }

    /// <summary>The bits that the first word of a pair to look at again must have.</summary>
    public ulong AgainFirst { get; }

    /// <summary>The bits that the second word of a pair to look at again must have.</summary>
    public ulong AgainSecond { get; }

    /// <summary>Whether there is a class of pairs to look at again.</summary>
    public bool LooksAgain => (AgainFirst | AgainSecond) != 0;

    /// <summary>Wants bits of big-endian words, named by their value: the masks are swapped here, once, and no word is in the sweep.</summary>
    /// <param name="first">The bits that the first word of a candidate must have.</param>
    /// <param name="second">The bits that its second word must have.</param>
    /// <param name="againFirst">The bits that the first word of a pair to look at again must have.</param>
    /// <param name="againSecond">The bits that its second word must have.</param>
    public static PairFilter ForBigEndian(ulong first, ulong second, ulong againFirst = 0, ulong againSecond = 0) =>
        new(Swap(first), Swap(second), Swap(againFirst), Swap(againSecond));

    private static ulong Swap(ulong mask) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(mask) : mask;
}
