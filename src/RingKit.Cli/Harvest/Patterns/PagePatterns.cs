namespace RingKit.Cli.Harvest.Patterns;

/// <summary>The patterns by name.</summary>
internal static class PagePatterns
{
    /// <summary>Those that can be asked for.</summary>
    public static IReadOnlyList<PagePattern> All { get; } = [PagePattern.Random, PagePattern.Clustered, PagePattern.Runs];

    public static IEnumerable<string> Names => All.Select(NameOf);

    public static string NameOf(PagePattern pattern) => pattern switch
    {
        PagePattern.Random => "random",
        PagePattern.Clustered => "clustered",
        PagePattern.Runs => "runs",
        _ => "trace",
    };

    public static bool TryParse(string name, out PagePattern pattern)
    {
        foreach (PagePattern candidate in All)
        {
            if (NameOf(candidate) == name)
            {
                pattern = candidate;
                return true;
            }
        }

        pattern = default;
        return false;
    }
}
