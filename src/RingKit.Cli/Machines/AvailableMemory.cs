namespace RingKit.Cli.Machines;

/// <summary>How much memory this machine has left.</summary>
internal static class AvailableMemory
{
    private const string LinuxFile = "/proc/meminfo";
    private const string LinuxField = "MemAvailable:";

    /// <summary>Bytes that this process can still take, as far as the system says; what a container is allowed at most.</summary>
    public static ulong Bytes
    {
        get
        {
            ulong most = (ulong)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
            return Math.Min(most, OfLinux() ?? most);
        }
    }

    // The pages of a guest are taken as they are touched: asking for them fails nowhere, and touching them ends the process.
    private static ulong? OfLinux()
    {
        try
        {
            string? line = File.Exists(LinuxFile)
                ? File.ReadLines(LinuxFile).FirstOrDefault(line => line.StartsWith(LinuxField, StringComparison.Ordinal))
                : null;
            ReadOnlySpan<char> kilobytes = line is null ? default : line.AsSpan(LinuxField.Length).Trim().TrimEnd(" kB");
            return ulong.TryParse(kilobytes, NumberStyles.None, CultureInfo.InvariantCulture, out ulong count) ? count << 10 : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
