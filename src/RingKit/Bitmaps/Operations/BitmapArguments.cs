using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RingKit.Bitmaps.Operations;

/// <summary>Checks arguments before anything is changed, and says what would be allowed.</summary>
internal static class BitmapArguments
{
    /// <summary>How many words a bitmap takes.</summary>
    public static ulong WordsFor(ulong bits) => (bits >> 6) + ((bits & 63) == 0 ? 0UL : 1UL);

    /// <summary>How many bits a span holds.</summary>
    public static ulong BitsOf(ReadOnlySpan<ulong> words) => (ulong)words.Length * 64;

    /// <summary>The bits of a bitmap's last word that are no padding.</summary>
    public static ulong LastWordMask(ulong bits) => ulong.MaxValue >> (int)((0 - bits) & 63);

    /// <summary>Checks a length against the span that has it.</summary>
    public static void CheckBits(ReadOnlySpan<ulong> words, ulong bits)
    {
        if (bits > BitsOf(words))
            ThrowBits(bits, words.Length);
    }

    /// <summary>Checks that a span holds a bitmap.</summary>
    public static void CheckSpan(ReadOnlySpan<ulong> words, ulong bits, [CallerArgumentExpression(nameof(words))] string name = "")
    {
        if (bits > BitsOf(words))
            ThrowSpan(name, words.Length, bits);
    }

    /// <summary>Checks that a span, which is large enough, has no bits behind the last one: else the two sides do not agree on the length.</summary>
    public static void CheckPadding(ReadOnlySpan<ulong> source, ulong bits)
    {
        if (bits % 64 == 0)
            return;
        ulong padding = source[(int)(bits / 64)] & ~LastWordMask(bits);
        if (padding != 0)
            throw PaddingSet(bits, padding, "word", nameof(source));
    }

    /// <summary>What to throw if bits behind the last one are set.</summary>
    public static ArgumentException PaddingSet(ulong bits, ulong padding, string unit, string name) => new(
        $"The bitmap has {bits} bits, and bits beyond are set: 0x{padding:x16} in its last {unit}. "
        + "Give as many bits as it was filled for, or clear the others.",
        name);

    /// <summary>Checks that a range lies within so many bits.</summary>
    public static void CheckRange(
        ulong first,
        ulong count,
        ulong bits,
        [CallerArgumentExpression(nameof(first))] string firstName = "",
        [CallerArgumentExpression(nameof(count))] string countName = "")
    {
        if (first > bits)
            ThrowOutside(firstName, first, $"The bitmap has {bits} bits.");
        if (count > bits - first)
            ThrowOutside(countName, count, $"From bit {first} on the bitmap has {bits - first} bits.");
    }

    /// <summary>Checks that an operand is the destination or does not touch it.</summary>
    public static void CheckOverlap(ReadOnlySpan<ulong> operand, ReadOnlySpan<ulong> destination, string name)
    {
        if (!operand.IsEmpty && !Unsafe.AreSame(in operand[0], in destination[0]) && operand.Overlaps(destination))
            throw new ArgumentException("The operand must begin where the destination does, or share no word with it.", name);
    }

    /// <summary>Checks that a source which overlaps its destination lies whole words apart from it.</summary>
    public static void CheckWordsApart(ReadOnlySpan<ulong> source, ReadOnlySpan<ulong> destination)
    {
        if (Overlap(source, destination, out nint bytesApart) && bytesApart % sizeof(ulong) != 0)
            throw new ArgumentException("Source and destination must lie apart by a multiple of 8 bytes, or share no byte.", nameof(source));
    }

    /// <summary>Whether spans share a byte. Casting them to bytes would fail from 2 GiB on.</summary>
    public static bool Overlap<TLeft, TRight>(ReadOnlySpan<TLeft> left, ReadOnlySpan<TRight> right, out nint bytesApart)
        where TLeft : unmanaged
        where TRight : unmanaged
    {
        bytesApart = Unsafe.ByteOffset(
            in Unsafe.As<TLeft, byte>(ref MemoryMarshal.GetReference(left)), in Unsafe.As<TRight, byte>(ref MemoryMarshal.GetReference(right)));
        return !left.IsEmpty && !right.IsEmpty
            && ((nuint)bytesApart < (nuint)left.Length * (nuint)Unsafe.SizeOf<TLeft>()
                || (nuint)(-bytesApart) < (nuint)right.Length * (nuint)Unsafe.SizeOf<TRight>());
    }

    private static void ThrowBits(ulong bits, int words) =>
        throw new ArgumentOutOfRangeException(nameof(bits), bits, $"The bitmap has {words} words, which hold at most {(ulong)words * 64} bits.");

    private static void ThrowSpan(string name, int words, ulong bits) =>
        throw new ArgumentException($"A bitmap of {bits} bits takes {WordsFor(bits)} words, and the span has {words}.", name);

    private static void ThrowOutside(string name, ulong value, string message) =>
        throw new ArgumentOutOfRangeException(name, value, message);
}
