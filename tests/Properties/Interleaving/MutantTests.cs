using System.Text.RegularExpressions;
using RingKit.Interleaving;
using RingKit.Properties.House;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Interleaving;

/// <summary>Every order that the structures name is needed: each, weakened, makes one of their programs fail.</summary>
public partial class MutantTests
{
    private static readonly Lazy<MutantReport> Mutants = new(() => MutantReport.Run(
        ExploredStructures.All.SelectMany(structure => structure.MutantPrograms), new ExplorationOptions { MaximumExecutions = 4_000 }));

    [Fact]
    public void Every_weakened_order_is_noticed()
    {
        MutantReport report = Mutants.Value;
        TestContext.Current.TestOutputHelper?.WriteLine(report.Table());
        Report.Line(report.ToString());
        Assert.True(report.Killed == report.Sites, report.Table());
    }

    // An ordered access that no program meets has no mutants, and would pass unseen.
    [Fact]
    public void Every_ordered_access_of_the_rings_is_met()
    {
        var met = Mutants.Value.Verdicts.Select(verdict => (Path.GetFileName(verdict.Mutant.Site.File), verdict.Mutant.Site.Line)).ToHashSet();
        string cores = Path.Combine(HouseRules.Root, "src", "RingKit", "Rings", "Cores");
        string[] unmet = [.. Directory.EnumerateFiles(cores, "*.cs")
            .SelectMany(file => File.ReadLines(file).Select((text, index) => (File: Path.GetFileName(file), Line: index + 1, Text: text.Trim())))
            .Where(line => OrderedAccess().IsMatch(line.Text) && !met.Contains((line.File, line.Line)))
            .Select(line => $"{line.File}:{line.Line} {line.Text}")];
        Assert.Empty(unmet);
    }

    [GeneratedRegex(@"\bTOrdering\.(\w*Acquire\w*|\w*Release\w*|FullFence)\(", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OrderedAccess();
}
