using RingKit.Properties.Support;

namespace RingKit.Properties.Packages;

/// <summary>The projects that become packages: every folder of <c>src</c> with a project in it.</summary>
internal static class Projects
{
    /// <summary>All of them, by name.</summary>
    public static string[] All { get; } = [.. Directory.EnumerateDirectories(Path.Combine(SourceTree.Root, "src"))
        .Select(folder => Path.GetFileName(folder))
        .Where(name => File.Exists(FileOf(name)))
        .Order(StringComparer.Ordinal)];

    /// <summary>Those that other programs reference.</summary>
    public static string[] Libraries { get; } = [.. All.Where(name => !IsTool(name))];

    public static string FolderOf(string name) => Path.Combine(SourceTree.Root, "src", name);

    public static string FileOf(string name) => Path.Combine(FolderOf(name), name + ".csproj");

    public static bool IsTool(string name) => File.ReadAllText(FileOf(name)).Contains("<PackAsTool>true</PackAsTool>", StringComparison.Ordinal);
}
