using System.Globalization;

namespace RingKit.Properties.Support;

/// <summary>What replays an FsCheck run.</summary>
/// <param name="Seed">Any value.</param>
/// <param name="Gamma">Odd: the generator's step.</param>
/// <param name="Size">The size of one step, which then is the first; null for a whole run.</param>
internal sealed record PropsSeed(ulong Seed, ulong Gamma, int? Size)
{
    public static PropsSeed Parse(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        int size = 0;
        if (parts.Length is not (2 or 3)
            || !ulong.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed)
            || !ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong gamma)
            || (parts.Length == 3 && !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out size)))
        {
            throw new FormatException($"{Props.SeedVariable} must be seed,gamma or seed,gamma,size in decimal, and is '{text}'.");
        }

        return gamma % 2 == 1
            ? new PropsSeed(seed, gamma, parts.Length == 3 ? size : null)
            : throw new FormatException($"{Props.SeedVariable} must have an odd gamma, its second number, and has {gamma}.");
    }

    public override string ToString() =>
        Size is int size
            ? string.Create(CultureInfo.InvariantCulture, $"{Seed},{Gamma},{size}")
            : string.Create(CultureInfo.InvariantCulture, $"{Seed},{Gamma}");
}
