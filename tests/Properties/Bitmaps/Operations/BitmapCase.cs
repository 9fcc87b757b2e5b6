using FsCheck;
using FsCheck.Fluent;

namespace RingKit.Properties.Bitmaps.Operations;

/// <summary>A bitmap to be made: its bits follow from these numbers alone.</summary>
/// <param name="Bits">Its length.</param>
/// <param name="Seed">Of its pattern.</param>
/// <param name="Density">How many of its bits are set, from 0 to 1; less with runs.</param>
/// <param name="Runs">Whether set bits come in runs.</param>
/// <param name="AgainstEnd">Whether its last word, rather than its first, touches a page that nobody may read.</param>
/// <param name="SetPadding">Whether bits of the padding are set, which operations must ignore.</param>
internal sealed record BitmapCase(int Bits, int Seed, double Density, bool Runs, bool AgainstEnd, bool SetPadding)
{
    /// <summary>Lengths around a word, around the vectors, and beyond several turns of the longest loops (16 vectors of 512 bits).</summary>
    public static Gen<int> Lengths => Gen.OneOf(Gen.Choose(0, 200), Gen.Choose(0, 4000), Gen.Choose(8000, 30_000));

    /// <summary>Bitmaps of any length.</summary>
    public static Gen<BitmapCase> Any => Lengths.SelectMany(OfLength);

    /// <summary>Two of one length.</summary>
    public static Gen<(BitmapCase Left, BitmapCase Right)> Pairs =>
        from length in Lengths
        from left in OfLength(length)
        from right in OfLength(length)
        select (left, right);

    /// <summary>One, and a range within.</summary>
    public static Gen<(BitmapCase Case, int First, int Count)> WithRange =>
        from one in Any
        from first in Gen.Choose(0, one.Bits)
        from count in Gen.Frequency((1, Gen.Choose(0, Math.Min(130, one.Bits - first))), (1, Gen.Choose(0, one.Bits - first)))
        select (one, first, count);

    private static Gen<BitmapCase> OfLength(int bits) =>
        from seed in Gen.Choose(0, int.MaxValue)
        from density in Gen.Elements(0, 0.002, 0.05, 0.5, 0.95, 0.999, 1)
        from runs in Gen.Elements(false, true)
        from againstEnd in Gen.Elements(false, true)
        from padding in Gen.Elements(false, true)
        select new BitmapCase(bits, seed, density, runs, againstEnd, padding);
}
