namespace RingKit.Cli.Commands.Values;

/// <summary>A size in bytes as people write it: 65536, 64K, 256M, 4G, 1T.</summary>
internal static class MemorySize
{
    private const string Units = "KMGT";

    public static bool TryParse(ReadOnlySpan<char> text, out ulong bytes)
    {
        int shift = 0;
        if (!text.IsEmpty && Units.IndexOf(char.ToUpperInvariant(text[^1])) is >= 0 and int unit)
        {
            shift = (unit + 1) * 10;
            text = text[..^1];
        }

        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bytes) || bytes > ulong.MaxValue >> shift)
            return false;

        bytes <<= shift;
        return true;
    }

    /// <summary>With the largest unit that leaves 1 or more, to a tenth.</summary>
    public static string Approximate(ulong bytes)
    {
        int unit = 0;
        double size = bytes;
        for (; unit < Units.Length && size >= 1024; unit++)
            size /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#}{(unit == 0 ? "" : Units[unit - 1])}");
    }

    /// <summary>With the largest unit that leaves no rest.</summary>
    public static string Format(ulong bytes)
    {
        int unit = 0;
        for (; unit < Units.Length && bytes != 0 && bytes % 1024 == 0; unit++)
            bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{bytes}{(unit == 0 ? "" : Units[unit - 1])}");
    }
}
