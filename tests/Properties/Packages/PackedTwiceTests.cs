using System.Diagnostics;
using System.Reflection.Metadata;
using System.Text;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Packages;

/// <summary>Two clones in two folders, on two branches, give the same packages, byte for byte, whose symbols lead to the sources of that commit.</summary>
[Collection(RunAlone.Name)]
public sealed class PackedTwiceTests
{
    /// <summary>README's command.</summary>
    internal const string PackCommand = "dotnet pack ";

    private const string Remote = "https://github.com/owner/ringkit", SourcesOfRemote = "https://raw.githubusercontent.com/owner/ringkit";

    // kind: source link, in the specification of portable PDBs.
    private static readonly Guid SourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    [Fact]
    public void Two_clones_pack_to_equal_bytes_and_symbols_lead_to_the_sources()
    {
        Assert.SkipUnless(LongRun.IsOn, "two clones are built, a minute and a half; set RINGKIT_LONG=1");
        Assert.SkipUnless(Path.Exists(Path.Combine(SourceTree.Root, ".git")), "the sources are no clone");
        using var folder = new TemporaryFolder();
        var clock = Stopwatch.StartNew();
        string commit = DotnetCommand.Run(SourceTree.Root, "git", "rev-parse", "HEAD").Trim();
        string[] first = Pack(folder.Make("a")), second = Pack(folder.Make(Path.Combine("another", "folder")));

        Assert.Equal(2 * Projects.All.Length, first.Length);
        Assert.Equal(first.Select(Path.GetFileName), second.Select(Path.GetFileName));
        foreach ((string one, string other) in first.Zip(second))
        {
            Assert.Empty(Differences(new PackageFile(one), new PackageFile(other)));
            Assert.True(File.ReadAllBytes(one).AsSpan().SequenceEqual(File.ReadAllBytes(other)), $"{Path.GetFileName(one)}: equal files in unequal packages");
        }

        foreach (string symbols in first.Where(file => file.EndsWith(".snupkg", StringComparison.Ordinal)))
            AssertLeadsToSources(symbols, commit);
        foreach (string package in first.Where(file => file.EndsWith(".nupkg", StringComparison.Ordinal)))
            Assert.Equal(commit, new PackageFile(package).Element("repository")!.Attribute("commit")!.Value);
        Report.Line($"{first.Length} packages of {commit[..12]} twice, {clock.Elapsed.TotalSeconds:0} s: equal.");
    }

    private static string[] Pack(string folder)
    {
        DotnetCommand.Run(SourceTree.Root, "git", "clone", "--quiet", "--no-hardlinks", SourceTree.Root, folder);
        DotnetCommand.Run(folder, "git", "remote", "set-url", "origin", Remote);
        DotnetCommand.Run(folder, "git", "checkout", "--quiet", "-b", Path.GetFileName(folder));
        DotnetCommand.RunLine(folder, Assert.Single(ReadmePage.Main.Commands, line => line.StartsWith(PackCommand, StringComparison.Ordinal)));
        return [.. Directory.EnumerateFiles(Path.Combine(folder, "packages")).Order(StringComparer.Ordinal)];
    }

    private static string[] Differences(PackageFile one, PackageFile other) =>
        [.. one.Files.Keys.Union(other.Files.Keys).Where(name =>
            !one.Files.TryGetValue(name, out byte[]? mine) || !other.Files.TryGetValue(name, out byte[]? its) || !mine.AsSpan().SequenceEqual(its))];

    private static void AssertLeadsToSources(string symbols, string commit)
    {
        foreach ((string name, byte[] bytes) in new PackageFile(symbols).Files.Where(file => file.Key.EndsWith(".pdb", StringComparison.Ordinal)))
        {
            using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(bytes));
            MetadataReader reader = provider.GetMetadataReader();
            string[] links = [.. reader.CustomDebugInformation
                .Select(reader.GetCustomDebugInformation)
                .Where(information => reader.GetGuid(information.Kind) == SourceLink)
                .Select(information => Encoding.UTF8.GetString(reader.GetBlobBytes(information.Value)))];
            Assert.Contains($"\"/_/*\":\"{SourcesOfRemote}/{commit}/*\"", Assert.Single(links), StringComparison.Ordinal);
            Assert.All(
                reader.Documents.Select(handle => reader.GetString(reader.GetDocument(handle).Name)),
                document => Assert.True(document.StartsWith("/_/", StringComparison.Ordinal), $"{name}: {document}"));
        }
    }
}
