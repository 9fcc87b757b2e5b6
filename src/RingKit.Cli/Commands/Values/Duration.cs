namespace RingKit.Cli.Commands.Values;

/// <summary>A time as people write it: 500us, 300ms, 2s, 1m.</summary>
internal static class Duration
{
    private static readonly (string Name, long Ticks)[] Units =
    [
        ("us", TimeSpan.TicksPerMicrosecond), ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond), ("m", TimeSpan.TicksPerMinute),
    ];

    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan time)
    {
        foreach ((string name, long ticks) in Units)
        {
            if (text.EndsWith(name, StringComparison.Ordinal)
                && long.TryParse(text[..^name.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long count)
                && count <= long.MaxValue / ticks)
            {
                time = new TimeSpan(count * ticks);
                return true;
            }
        }

        time = default;
        return false;
    }

    /// <summary>With the largest unit that leaves no rest.</summary>
    public static string Format(TimeSpan time)
    {
        (string name, long ticks) = Units.Last(unit => time.Ticks % unit.Ticks == 0 && (time.Ticks != 0 || unit.Name == "ms") || unit.Ticks == Units[0].Ticks);
        return string.Create(CultureInfo.InvariantCulture, $"{time.Ticks / ticks}{name}");
    }
}
