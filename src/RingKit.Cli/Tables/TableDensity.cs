using RingKit.Memory;
using RingKit.Mmu.HashTable;
using RingKit.Sweeps;

namespace RingKit.Cli.Tables;

/// <summary>How many entries of a table have certain bits, part by part of equal size.</summary>
internal static class TableDensity
{
    public static readonly PairFilter Valid = PairFilter.ForBigEndian(HpteV.Valid, 0);

    public static readonly PairFilter Changed = PairFilter.ForBigEndian(HpteV.Valid, HpteR.Changed);

    // One eighth and up; nothing is a blank, something at least the lowest.
    private const string Bars = "▁▂▃▄▅▆▇█";

    public static ulong[] Of(NativeView<WordPair> entries, PairFilter filter, int parts)
    {
        ulong[] counts = new ulong[parts];
        for (int part = 0; part < parts; part++)
        {
            nuint start = Bound(entries.Length, part, parts);
            counts[part] = PairSweep.Count(entries.Slice(start, Bound(entries.Length, part + 1, parts) - start), filter).Candidates;
        }

        return counts;
    }

    /// <summary>A character a part, its bar as high as the count is against the highest.</summary>
    /// <param name="counts">The counts.</param>
    /// <param name="highest">What a full bar stands for; 0 if there is none.</param>
    public static string Strip(ReadOnlySpan<ulong> counts, ulong highest)
    {
        char[] strip = new char[counts.Length];
        for (int i = 0; i < strip.Length; i++)
            strip[i] = counts[i] == 0 ? ' ' : Bars[(int)((counts[i] * (ulong)Bars.Length - 1) / highest)];
        return new string(strip);
    }

    // At most 2^32 entries and some hundreds of parts: no overflow.
    private static nuint Bound(nuint length, int part, int parts) => length * (nuint)part / (nuint)parts;
}
