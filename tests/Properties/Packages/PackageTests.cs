using System.Text;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Packages;

/// <summary>What the packages are, and that a project outside the repository takes them, offline, from a folder.</summary>
[Collection(RunAlone.Name)]
public sealed class PackageTests(PackedProjects packed) : IClassFixture<PackedProjects>
{
    // README's commands that a user runs where the packages lie; the first one, which packs, is PackedTwiceTests'.
    internal const string InstallCommand = "dotnet tool install ", ToolCommand = "tools/ringkit ";

    [Fact]
    public void Every_project_of_src_is_in_the_solution()
    {
        string solution = File.ReadAllText(Path.Combine(SourceTree.Root, "RingKit.sln"));
        Assert.All(Projects.All, project => Assert.Contains($"\"src\\{project}\\{project}.csproj\"", solution, StringComparison.Ordinal));
    }

    [Fact]
    public void A_library_has_its_docs_its_symbols_and_its_licence()
    {
        foreach (string library in Projects.Libraries)
        {
            var package = new PackageFile(packed.FileOf(library));
            Assert.Equal(
                [$"lib/net10.0/{library}.dll", $"lib/net10.0/{library}.xml"],
                package.Files.Keys.Where(name => name.StartsWith("lib/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
            Assert.Contains($"T:{library}.", Encoding.UTF8.GetString(package.Files[$"lib/net10.0/{library}.xml"]), StringComparison.Ordinal);
            AssertDescribed(library, package);
            Assert.Contains($"lib/net10.0/{library}.pdb", new PackageFile(packed.FileOf(library, "snupkg")).Files.Keys);
        }
    }

    [Fact]
    public void Packages_depend_on_no_more_than_the_readme_says()
    {
        Assert.Equal(["CommunityToolkit.HighPerformance 7.1.2"], new PackageFile(packed.FileOf("RingKit")).Dependencies);
        Assert.Equal([$"RingKit {PackedProjects.Version}"], new PackageFile(packed.FileOf("RingKit.Mmu")).Dependencies);
        Assert.Equal([$"RingKit.Mmu {PackedProjects.Version}"], new PackageFile(packed.FileOf("RingKit.Kvm")).Dependencies);
        Assert.Empty(new PackageFile(packed.FileOf("RingKit.Cli")).Dependencies);
    }

    [Fact]
    public void The_tool_has_its_symbols_and_its_licence()
    {
        foreach (string tool in Projects.All.Except(Projects.Libraries))
        {
            var package = new PackageFile(packed.FileOf(tool));
            AssertDescribed(tool, package);
            Assert.Contains($"tools/net10.0/any/{tool}.dll", package.Files.Keys);
            Assert.Contains(new PackageFile(packed.FileOf(tool, "snupkg")).Files.Keys, name => name.EndsWith($"/{tool}.pdb", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_readmes_example_has_twenty_lines_at_most() => Assert.InRange(ReadmePage.Main.Code.Length, 1, 20);

    [Fact]
    public void A_new_project_runs_the_readmes_example_and_so_it_does_trimmed()
    {
        using var folder = new TemporaryFolder();
        var project = new NewProject(folder.Path, packed.Packages);
        Assert.Equal(ReadmePage.Main.Output, project.Run(ReadmePage.Main.Code));

        Assert.SkipUnless(
            Directory.Exists(PackedProjects.RuntimePack),
            $"built and run, but not trimmed: no runtime to carry along at '{PackedProjects.RuntimePack}'");
        Assert.Equal(ReadmePage.Main.Output, project.RunTrimmed(ReadmePage.Main.Code));
    }

    [Fact]
    public void A_new_project_runs_the_examples_of_the_libraries()
    {
        Assert.NotEmpty(ReadmePage.OfLibraries);
        Assert.SkipUnless(LongRun.IsOn, "the same again for each library's README; set RINGKIT_LONG=1");
        using var folder = new TemporaryFolder();
        var project = new NewProject(folder.Path, packed.Packages);
        foreach (ReadmePage page in ReadmePage.OfLibraries)
            Assert.Equal(page.Output, project.Run(page.Code));
    }

    [Fact]
    public void The_tool_installs_from_the_folder_and_runs()
    {
        string[] lines = [.. ReadmePage.Main.Commands];
        DotnetCommand.RunLine(packed.Above, Assert.Single(lines, line => line.StartsWith(InstallCommand, StringComparison.Ordinal)));
        string output = DotnetCommand.RunLine(packed.Above, Assert.Single(lines, line => line.StartsWith(ToolCommand, StringComparison.Ordinal)));
        Assert.Contains("SIMD paths", output, StringComparison.Ordinal);
    }

    private static void AssertDescribed(string name, PackageFile package)
    {
        Assert.Equal(name, package.Element("id")!.Value);
        Assert.Equal("MIT", package.Element("license")!.Value);
        Assert.Equal("README.md", package.Element("readme")!.Value);
        Assert.StartsWith($"# {name}\n", Encoding.UTF8.GetString(package.Files["README.md"]), StringComparison.Ordinal);
        Assert.NotEqual("Package Description", package.Element("description")!.Value);
    }
}
