using System.Reflection;
using System.Text.RegularExpressions;
using RingKit.Properties.DirtyLogging;
using Xunit;

namespace RingKit.Properties.House;

/// <summary>The tests that there are, and those that a page names.</summary>
internal static partial class TestNames
{
    /// <summary>Every test, as <c>Class.method</c>; a generic class by its name alone.</summary>
    public static HashSet<string> All { get; } = [.. Types.SelectMany(type => type
        .GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        .Where(method => method.GetCustomAttributes().Any(attribute => attribute is FactAttribute))
        .Select(method => $"{type.Name.Split('`')[0]}.{method.Name}"))];

    private static IEnumerable<Type> Types => new[] { typeof(TestNames), typeof(DirtyLogContract) }.SelectMany(type => type.Assembly.GetTypes());

    /// <summary>Those that a line names.</summary>
    public static string[] In(string line) => [.. TestName().Matches(line).Select(match => match.Groups["test"].Value)];

    [GeneratedRegex(@"`(?<test>[A-Z]\w+\.[A-Z]\w+_\w+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex TestName();
}
