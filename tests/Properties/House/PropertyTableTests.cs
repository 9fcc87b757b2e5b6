using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.House;

/// <summary>docs/properties.md names tests that exist, for each invariant of the kernel's self-test and each property.</summary>
public sealed class PropertyTableTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(SourceTree.Root, "docs", "properties.md"));

    [Fact]
    public void Every_test_that_the_table_names_exists()
    {
        string[] named = [.. Lines.SelectMany(TestNames.In)];
        Assert.NotEmpty(named);
        Assert.Empty(named.Distinct(StringComparer.Ordinal).Except(TestNames.All, StringComparer.Ordinal));
    }

    [Fact]
    public void Every_invariant_and_every_property_has_a_test()
    {
        string[] names = [.. Enumerable.Range(1, 5).Select(i => $"I{i}"), .. Enumerable.Range(1, 17).Select(i => $"P{i}")];
        foreach (string name in names)
        {
            string row = Assert.Single(Lines, line => line.StartsWith($"| **{name}** |", StringComparison.Ordinal));
            Assert.True(TestNames.In(row).Length != 0 || row.EndsWith("| the same |", StringComparison.Ordinal), $"{name} has no test");
        }
    }
}
