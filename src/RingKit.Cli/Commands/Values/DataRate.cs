namespace RingKit.Cli.Commands.Values;

/// <summary>A rate as people write it: bytes a second (<c>104857600</c>, <c>100M</c>, <c>1G</c>) or pages of 4 KiB a second (<c>25600p</c>, <c>25Kp</c>).</summary>
internal static class DataRate
{
    private const ulong PageSize = 4096;

    /// <summary>What an option's description says of it.</summary>
    public const string Form = "bytes a second (100M), or pages a second (25600p)";

    public static bool TryParse(ReadOnlySpan<char> text, out ulong bytesPerSecond)
    {
        if (text.IsEmpty || text[^1] is not ('p' or 'P'))
            return MemorySize.TryParse(text, out bytesPerSecond);

        if (!MemorySize.TryParse(text[..^1], out bytesPerSecond) || bytesPerSecond > ulong.MaxValue / PageSize)
            return false;

        bytesPerSecond *= PageSize;
        return true;
    }
}
