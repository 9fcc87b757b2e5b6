using System.Reflection;
using System.Text.RegularExpressions;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.House;

/// <summary>docs/properties.md names tests that exist, for each invariant of the kernel's self-test and each property.</summary>
public sealed partial class PropertyTableTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(SourceTree.Root, "docs", "properties.md"));

    [Fact]
    public void Every_test_that_the_table_names_exists()
    {
        HashSet<string> tests = [.. typeof(PropertyTableTests).Assembly.GetTypes().SelectMany(type => type
            .GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(method => method.GetCustomAttributes().Any(attribute => attribute is FactAttribute))
            .Select(method => $"{type.Name}.{method.Name}"))];
        string[] named = [.. Lines.SelectMany(line => TestName().Matches(line)).Select(match => match.Groups["test"].Value)];
        Assert.NotEmpty(named);
        Assert.Empty(named.Distinct(StringComparer.Ordinal).Except(tests, StringComparer.Ordinal));
    }

    [Fact]
    public void Every_invariant_and_every_property_has_a_test()
    {
        string[] names = [.. Enumerable.Range(1, 5).Select(i => $"I{i}"), .. Enumerable.Range(1, 17).Select(i => $"P{i}")];
        foreach (string name in names)
        {
            string row = Assert.Single(Lines, line => line.StartsWith($"| **{name}** |", StringComparison.Ordinal));
            Assert.True(TestName().IsMatch(row) || row.EndsWith("| the same |", StringComparison.Ordinal), $"{name} has no test");
        }
    }

    [GeneratedRegex(@"`(?<test>[A-Z]\w+\.[A-Z]\w+_\w+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex TestName();
}
