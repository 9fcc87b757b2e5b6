using System.Reflection;
using RingKit.Properties.Support;

namespace RingKit.Properties.Packages;

/// <summary>All packages, packed once from what was built for the tests.</summary>
public sealed class PackedProjects : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<string> _packages;

    public PackedProjects() => _packages = new(Pack);

    /// <summary>A folder that has them in <c>packages</c>, as a repository has where README's command has packed them.</summary>
    public string Above
    {
        get
        {
            _ = _packages.Value;
            return _folder.Path;
        }
    }

    /// <summary>The folder of the packages.</summary>
    public string Packages => _packages.Value;

    /// <summary>The version that all of them have.</summary>
    public static string Version { get; } =
        typeof(PackedProjects).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>The folder in which the machine's packages are.</summary>
    public static string Cache { get; } = Metadata("PackageCache");

    /// <summary>The runtime that a trimmed program carries along, or what names it where it is not there.</summary>
    public static string RuntimePack { get; } = Metadata("RuntimePack");

    public string FileOf(string package, string extension = "nupkg") => Path.Combine(Packages, $"{package}.{Version}.{extension}");

    public void Dispose() => _folder.Dispose();

    private static string Metadata(string key) => typeof(PackedProjects).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => string.Equals(metadata.Key, key, StringComparison.Ordinal)).Value ?? "";

    private string Pack()
    {
        string packages = _folder.Make("packages");
        string configuration = typeof(PackedProjects).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        DotnetCommand.Run(SourceTree.Root, "dotnet", "pack", "RingKit.sln", "--no-build", "-c", configuration, "-o", packages, "-warnaserror");
        return packages;
    }
}
