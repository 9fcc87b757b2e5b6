namespace RingKit.Cli.Harvest;

/// <summary>The patterns by name.</summary>
internal static class PagePatterns
{
    public static IReadOnlyList<PagePattern> All { get; } = Enum.GetValues<PagePattern>();

    public static IEnumerable<string> Names => All.Select(NameOf);

    public static string NameOf(PagePattern pattern) => pattern switch
    {
        PagePattern.Random => "random",
        PagePattern.Clustered => "clustered",
        _ => "runs",
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
