using System.Text.RegularExpressions;
using Xunit;
using static RingKit.Properties.Support.SourceTree;

namespace RingKit.Properties.House;

/// <summary>What the sources promise about themselves and no compiler checks.</summary>
public sealed partial class HouseRules
{
    private const int MostLines = 400;

    private static readonly string[] Folders = ["src", "tests", "bench"];

    [Fact]
    public void Only_one_file_names_the_runtimes_ordering_primitives()
    {
        // The build refuses the calls (RS0030); the keyword and the pauses that order by accident are found here.
        string[] offenders = [.. Sources("src")
            .Where(file => OrderingPrimitives().IsMatch(WithoutComments(File.ReadAllText(file))))
            .Select(file => Path.GetRelativePath(Root, file))];
        Assert.Equal([Path.Combine("src", "RingKit", "Ordering", "HardwareOrdering.cs")], offenders);
    }

    [Fact]
    public void Imports_run_one_way()
    {
        Assert.DoesNotContain(Sources(Path.Combine("src", "RingKit")), file => File.ReadAllText(file).Contains("RingKit.Mmu", StringComparison.Ordinal));
        Assert.DoesNotContain(Sources(Path.Combine("src", "RingKit.Mmu")), file => File.ReadAllText(file).Contains("RingKit.Cli", StringComparison.Ordinal));
        foreach (string low in new[] { "RingKit", "RingKit.Mmu" })
            Assert.DoesNotContain(Sources(Path.Combine("src", low)), file => File.ReadAllText(file).Contains("RingKit.Kvm", StringComparison.Ordinal));
        Assert.DoesNotContain(Sources(Path.Combine("src", "RingKit.Kvm")), file => File.ReadAllText(file).Contains("RingKit.Cli", StringComparison.Ordinal));
        foreach (string low in new[] { "Memory", "Ordering" })
        {
            Assert.DoesNotContain(
                Sources(Path.Combine("src", "RingKit", low)),
                file => HigherRooms().IsMatch(File.ReadAllText(file)));
        }
    }

    [Fact]
    public void A_folder_is_a_namespace()
    {
        foreach (string file in Sources("src"))
        {
            Match match = Namespace().Match(File.ReadAllText(file));
            if (!match.Success)
                continue;
            string folder = Path.GetRelativePath(Path.Combine(Root, "src"), Path.GetDirectoryName(file)!);
            Assert.Equal(folder.Replace(Path.DirectorySeparatorChar, '.'), match.Groups["name"].Value);
        }
    }

    [Fact]
    public void No_file_is_too_long()
    {
        string[] longOnes = [.. Folders
            .SelectMany(Sources)
            .Where(file => File.ReadLines(file).Count() > MostLines)
            .Select(file => Path.GetRelativePath(Root, file))];
        Assert.Empty(longOnes);
    }

    [Fact]
    public void Ci_runs_the_commands_of_the_readme()
    {
        string ci = File.ReadAllText(Path.Combine(Root, ".ci", "run"));
        string[] commands = [.. File.ReadLines(Path.Combine(Root, "README.md"))
            .Where(line => line.StartsWith("dotnet test ", StringComparison.Ordinal) || RunsOnData().IsMatch(line))];
        Assert.Equal(4, commands.Length);
        Assert.All(commands, command => Assert.Contains(command, ci, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_edge_that_the_code_cites_is_in_the_table()
    {
        string table = File.ReadAllText(Path.Combine(Root, "docs", "ordering.md"));
        string[] cited = [.. Sources("src")
            .SelectMany(file => EdgeCitation().Matches(File.ReadAllText(file)).Select(match => match.Groups["edge"].Value))
            .Distinct()
            .Order(StringComparer.Ordinal)];
        Assert.NotEmpty(cited);
        Assert.All(cited, edge => Assert.Contains($"**{edge}**", table, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^dotnet run .*-- (harvest$|\w+ data/)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex RunsOnData();

    [GeneratedRegex(@"\b(Volatile|Interlocked|volatile|MemoryBarrier)\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex OrderingPrimitives();

    [GeneratedRegex(@"RingKit\.(DirtyRings|Bitmaps|Rings|Sweeps)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex HigherRooms();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"//.*\b(?<edge>E\d+)\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex EdgeCitation();
}
