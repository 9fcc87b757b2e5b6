using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using RingKit.Ordering;
using RingKit.Properties.Support;

namespace RingKit.Properties.Interleaving;

/// <summary>The calls in src/ that order memory, as the text of the sources has them.</summary>
internal static class OrderedCalls
{
    // What IOrdering offers, but for what orders nothing. A new member is looked for without being entered here.
    private static readonly string[] Names = [.. typeof(IOrdering)
        .GetMethods(BindingFlags.Static | BindingFlags.Public)
        .Select(method => method.Name)
        .Where(name => !name.Contains("Relaxed", StringComparison.Ordinal)
            && name is not (nameof(IOrdering.ReadPlain) or nameof(IOrdering.ReadTentative) or nameof(IOrdering.WritePlain) or nameof(IOrdering.Pause)))
        .Distinct()];

    /// <summary>Each call by whoever orders, as "src/file:line"; one on a model of memory if the receiver is a type parameter.</summary>
    public static IReadOnlyList<string> Of(string folder, string receiver) =>
    [
        .. from file in SourceTree.Sources(folder)
           let source = SourceTree.WithoutComments(File.ReadAllText(file))
           from Match call in Regex.Matches(
               source, $@"\b{receiver}\s*\.\s*(?<name>{string.Join('|', Names)})\b", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10))
           let line = 1 + source.AsSpan(0, call.Groups["name"].Index).Count('\n')
           select Key(file, line),
    ];

    /// <summary>The same of a site that a program met: a path as the compiler wrote it down, which may be another root's.</summary>
    public static string Key(string file, int line)
    {
        string path = file.Replace('\\', '/');
        int root = path.LastIndexOf("/src/", StringComparison.Ordinal);
        return string.Create(CultureInfo.InvariantCulture, $"{path[(root + 1)..]}:{line}");
    }
}
