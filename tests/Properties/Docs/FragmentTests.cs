using System.Text.RegularExpressions;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Docs;

/// <summary>The code in the pages for embedders compiles and runs: each block stands in a test too, word for word, between markers of its name.</summary>
public sealed partial class FragmentTests
{
    private const RegexOptions Lines = RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture;

    [Fact]
    public void Every_block_of_the_pages_is_run_by_a_test()
    {
        string text = Page("embedding.md") + Page("choosing.md");
        Dictionary<string, string> shown = Block().Matches(text)
            .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["code"].Value.TrimEnd(), StringComparer.Ordinal);
        Assert.NotEmpty(shown);
        Assert.Equal(Regex.Count(text, "^```c", RegexOptions.Multiline, TimeSpan.FromSeconds(10)), shown.Count);

        string tests = File.ReadAllText(Path.Combine(SourceTree.Root, "tests", "Properties", "Docs", $"{nameof(EmbeddingFragments)}.cs"));
        Dictionary<string, string> run = Fragment().Matches(tests)
            .ToDictionary(match => match.Groups["name"].Value, match => WithoutIndent(match.Groups["code"].Value), StringComparer.Ordinal);
        Assert.Equal(shown.Keys.Order(StringComparer.Ordinal), run.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, string code) in shown)
            Assert.Equal(run[name], code);
    }

    private static string Page(string name) => File.ReadAllText(Path.Combine(SourceTree.Root, "docs", name));

    private static string WithoutIndent(string code)
    {
        string[] lines = code.TrimEnd().Split('\n');
        int indent = lines.Where(line => line.Length != 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length == 0 ? line : line[indent..]));
    }

    [GeneratedRegex(@"^```csharp (?<name>[a-z-]+)\n(?<code>.*?)^```$", Lines, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Block();

    [GeneratedRegex(@"^ *// \[(?<name>(?!end\])[a-z-]+)\]\n(?<code>.*?)^ *// \[end\]", Lines, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Fragment();
}
