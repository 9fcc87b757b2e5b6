namespace RingKit.Properties.Packages;

/// <summary>A project as a user makes it, whose RingKit comes from a folder and whose other packages are those that this machine has.</summary>
internal sealed class NewProject
{
    private readonly string _folder;

    /// <summary>Writes it.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="packages">The folder of RingKit's packages.</param>
    public NewProject(string folder, string packages)
    {
        _folder = folder;

        // The libraries are roots, so that trimming looks at all of their code; a warning, about theirs or about what they depend on, fails.
        File.WriteAllText(Path.Combine(folder, "hello.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <TrimmerSingleWarn>false</TrimmerSingleWarn>
                <DisableTransitiveFrameworkReferenceDownloads>true</DisableTransitiveFrameworkReferenceDownloads>
              </PropertyGroup>
              <ItemGroup>
            {Items("    <PackageReference Include=\"{0}\" Version=\"" + PackedProjects.Version + "\" />")}
            {Items("    <TrimmerRootAssembly Include=\"{0}\" />")}
              </ItemGroup>
            </Project>
            """);

        // A folder of packages in use is a feed too: no other one is asked.
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <config>
                <add key="globalPackagesFolder" value="{Path.Combine(folder, "cache")}" />
              </config>
              <packageSources>
                <clear />
                <add key="ringkit" value="{packages}" />
                <add key="machine" value="{PackedProjects.Cache}" />
              </packageSources>
              <packageSourceMapping>
                <packageSource key="ringkit">
                  <package pattern="RingKit*" />
                </packageSource>
                <packageSource key="machine">
                  <package pattern="*" />
                </packageSource>
              </packageSourceMapping>
            </configuration>
            """);
    }

    /// <summary>Builds a program and runs it.</summary>
    /// <returns>What it prints, line by line.</returns>
    public string[] Run(string[] code)
    {
        Write(code);
        DotnetCommand.Run(_folder, "dotnet", "build", "-c", "Release");
        return Lines(DotnetCommand.Run(_folder, "dotnet", Path.Combine("bin", "Release", "net10.0", "hello.dll")));
    }

    /// <summary>Publishes a program trimmed, with the runtime, and runs it.</summary>
    /// <returns>What it prints, line by line.</returns>
    public string[] RunTrimmed(string[] code)
    {
        Write(code);
        DotnetCommand.Run(_folder, "dotnet", "publish", "-c", "Release", "-r", "linux-x64", "-p:PublishTrimmed=true", "-o", "trimmed");
        return Lines(DotnetCommand.Run(_folder, Path.Combine(_folder, "trimmed", "hello")));
    }

    private static string Items(string format) =>
        string.Join('\n', Projects.Libraries.Select(library => format.Replace("{0}", library, StringComparison.Ordinal)));

    private static string[] Lines(string output) => output.TrimEnd('\n').Split('\n');

    private void Write(string[] code) => File.WriteAllLines(Path.Combine(_folder, "Program.cs"), code);
}
