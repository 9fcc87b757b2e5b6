using System.Text.RegularExpressions;
using RingKit.Bitmaps;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.House;

/// <summary>The table of what embedders ask, in docs/bitmaps.md: each row names types and members that are public, and tests that exist.</summary>
public sealed partial class EmbedderTableTests
{
    private static readonly string[][] Rows = [.. File.ReadLines(Path.Combine(SourceTree.Root, "docs", "bitmaps.md"))
        .SkipWhile(line => line != "| embedders ask for | type and member | test |")
        .Skip(2)
        .TakeWhile(line => line.StartsWith('|'))
        .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries))];

    [Fact]
    public void Every_row_names_tests_that_exist()
    {
        Assert.True(Rows.Length >= 18, $"The table has {Rows.Length} rows.");
        foreach (string[] row in Rows)
        {
            Assert.Equal(3, row.Length);
            string[] tests = TestNames.In(row[2]);
            Assert.True(tests.Length != 0, $"'{row[0]}' has no test");
            Assert.Empty(tests.Except(TestNames.All, StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Every_row_names_types_and_members_that_are_public()
    {
        Dictionary<string, Type> types = typeof(DirtyBitmap).Assembly.GetExportedTypes()
            .Where(type => !type.IsNested)
            .GroupBy(type => type.Name.Split('`')[0], StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.MinBy(type => type.Name.Length)!, StringComparer.Ordinal);
        types[nameof(ObjectDisposedException)] = typeof(ObjectDisposedException);
        foreach (string[] row in Rows)
        {
            string[] names = [.. Code().Matches(row[1]).Select(match => match.Groups["code"].Value).Where(code => char.IsUpper(code[0]))];
            Assert.True(names.Length != 0, $"'{row[0]}' names nothing");
            foreach (string name in names)
            {
                string[] parts = name.Split('.');
                Assert.True(types.TryGetValue(parts[0], out Type? type), $"There is no public type {parts[0]}.");
                Assert.True(parts.Length == 1 || type.GetMember(parts[1]).Length != 0, $"There is no public member {name}.");
            }
        }
    }

    [GeneratedRegex("`(?<code>[^`]+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Code();
}
