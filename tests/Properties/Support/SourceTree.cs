using System.Text.RegularExpressions;

namespace RingKit.Properties.Support;

/// <summary>The repository that the tests were built from, for tests about the sources themselves.</summary>
internal static partial class SourceTree
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every C# file in a folder of the repository, by its full path.</summary>
    public static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories);

    /// <summary>A source without comments and strings; its lines stay where they are.</summary>
    public static string WithoutComments(string source) => Comment().Replace(source, "");

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "RingKit.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException("The tests run outside the repository.");
    }

    [GeneratedRegex(@"//.*$|""[^""\n]*""", RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Comment();
}
