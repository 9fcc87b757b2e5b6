using System.Globalization;
using System.IO.Compression;

namespace RingKit.Properties.Cli;

/// <summary>
/// What a trace does, told by a model that shares nothing with the command: lines are strings, memory is a dictionary of bytes by the
/// traced program's own addresses, the pages of an interval are a HashSet.
/// </summary>
internal sealed class NaiveReplay
{
    private const ulong PageSize = 4096;

    private NaiveReplay(IEnumerable<string> lines, long interval)
    {
        var dirty = new HashSet<ulong>();
        long inInterval = 0;
        foreach (string line in lines.Where(line => !line.StartsWith("==", StringComparison.Ordinal)))
        {
            string[] operands = line[3..].Split(',');
            ulong address = ulong.Parse(operands[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            ulong size = ulong.Parse(operands[1], CultureInfo.InvariantCulture);
            string kind = line[..3].Trim();
            Counts[kind] = Counts.GetValueOrDefault(kind) + 1;
            if (kind is not ("S" or "M"))
                continue;

            ulong number = (ulong)(Counts.GetValueOrDefault("S") + Counts.GetValueOrDefault("M"));
            for (ulong i = 0; i < size; i++)
            {
                dirty.Add((address + i) / PageSize);
                Memory[address + i] = (byte)(unchecked(number * 0x9E3779B97F4A7C15) >> (int)(i % 8 * 8));
            }

            if (++inInterval == interval)
                EndInterval();
        }

        if (inInterval > 0)
            EndInterval();

        void EndInterval()
        {
            Intervals.Add(dirty);
            dirty = [];
            inInterval = 0;
        }
    }

    /// <summary>Accesses by kind: I, L, S, M.</summary>
    public Dictionary<string, long> Counts { get; } = [];

    /// <summary>The pages stored to, interval by interval.</summary>
    public List<HashSet<ulong>> Intervals { get; } = [];

    /// <summary>Every byte that was stored to.</summary>
    public Dictionary<ulong, byte> Memory { get; } = [];

    public int DistinctPages => Intervals.SelectMany(pages => pages).Distinct().Count();

    public static NaiveReplay OfText(string text, long interval) =>
        new(text.Split('\n', StringSplitOptions.RemoveEmptyEntries), interval);

    public static NaiveReplay OfGzip(string path, long interval)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        return new NaiveReplay(Lines(reader), interval);
    }

    private static IEnumerable<string> Lines(StreamReader reader)
    {
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}
