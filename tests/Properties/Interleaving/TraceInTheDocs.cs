using System.Text.RegularExpressions;
using RingKit.Interleaving;
using RingKit.Properties.Bitmaps;
using RingKit.Properties.DirtyRings.IndexPublished;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Interleaving;

/// <summary>The traces that docs/ordering.md explains are those that the explorer prints, but for line numbers.</summary>
public partial class TraceInTheDocs
{
    [Fact]
    public void A_race_is_what_the_explorer_prints_and_its_string_replays_it() =>
        Compare(ExploredIndexPublishedRing.Of(new(2, 1)), OperationKind.Store, "IndexPublishedCore.cs");

    [Fact]
    public void An_old_value_is_what_the_explorer_prints_and_its_string_replays_it() =>
        Compare(BitmapProgram.Of([BitmapOperation.Mark(0)], [BitmapOperation.Look(0)]), OperationKind.Load, "DirtyBitmapCore.cs");

    [Fact]
    public void A_string_with_an_old_value_is_refused_where_the_order_is_in_place()
    {
        ModelProgram program = BitmapProgram.Of([BitmapOperation.Mark(0)], [BitmapOperation.Look(0)]);
        Assert.Equal(FailureKind.Model, Explorer.Replay(program, "0011a", out _).Failure!.Kind);
    }

    private static void Compare(ModelProgram program, OperationKind kind, string file)
    {
        Site site = Explorer.Sites(program).Single(site => site.Kind == kind && site.File.EndsWith(file, StringComparison.Ordinal));
        var weakened = new ExplorationOptions { Mutant = site.Mutants().Single() };

        Failure failure = Explorer.Explore(program, weakened).Failure!;
        string docs = WithoutLines(File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "ordering.md")));
        foreach (string line in $"{failure}".ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Assert.Contains(WithoutLines(line).Trim(), docs, StringComparison.Ordinal);

        Explorer.Replay(program, failure.Replay, out string trace, weakened);
        Assert.Equal(failure.Trace, trace);
    }

    private static string WithoutLines(string text) => LineNumber().Replace(text, ".cs");

    [GeneratedRegex(@"\.cs:\d+", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex LineNumber();
}
