using System.CommandLine;
using System.IO.Enumeration;
using RingKit.Cli.Commands;
using RingKit.Properties.Packages;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.House;

/// <summary>
/// Every command in README.md, in docs and in the folders' own pages is run: by .ci/run as it stands, or, where it measures for minutes, in its quick form;
/// by a test of the packages or of the samples; or, with options that .ci/run does not give, at least accepted by the parser of the command that .ci/run runs.
/// </summary>
public sealed class DocumentedCommandsTests
{
    private static readonly string[] Folders = ["docs", "bench", "src", "tests", "samples"];

    private static readonly string[] BenchmarkOptions = ["--filter", "--job", "--inProcess", "--launchCount", "--warmupCount", "--iterationCount", "--list"];

    private static readonly string[] CiLines = [.. File.ReadLines(Path.Combine(SourceTree.Root, ".ci", "run")).Select(line => line.Trim())];

    private static readonly Lazy<string> BenchSources = new(() => string.Concat(SourceTree.Sources("bench").Select(File.ReadAllText)));

    private static string[] Pages =>
    [
        "README.md",
        .. Folders
            .Select(folder => Path.Combine(SourceTree.Root, folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.md", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(SourceTree.Root, file)),
    ];

    [Fact]
    public void Every_documented_command_is_run()
    {
        DocumentedCommand[] commands = [.. Pages.SelectMany(page => DocumentedCommand.On(page, File.ReadAllText(Path.Combine(SourceTree.Root, page))))];
        string[] refused = [.. commands.Select(command => (command, why: WhyNotRun(command)))
            .Where(pair => pair.why is not null)
            .Select(pair => $"{pair.command.Page}: {pair.command.Text}\n    {pair.why}")];
        Assert.True(commands.Length > 40, $"{commands.Length} commands were found");
        Assert.True(refused.Length == 0, "\n" + string.Join('\n', refused));
    }

    [Theory]
    [InlineData("dotnet run -c Release --project src/RingKit.Cli -- harvest --no-such-option")]
    [InlineData("dotnet run -c Release --project src/RingKit.Cli -- reap")]
    [InlineData("ringkit replay trace --log none")]
    [InlineData("dotnet run -c Release --project bench -- --filter '*NoSuchSuite*'")]
    [InlineData("dotnet run -c Release --project bench -- nothing --quick")]
    [InlineData("dotnet run -c Release --project bench -- density --no-such-option")]
    [InlineData("dotnet run -c Release --project bench -- turns NoSuchSuite")]
    [InlineData("dotnet run --project tests/Properties -c Release -- -class '*NoSuchTests'")]
    [InlineData("dotnet run --project tests/Properties -c Release -- -class '*PackageTests' -class '*NoSuchTests'")]
    [InlineData("dotnet run --project samples/None")]
    [InlineData("dotnet pack RingKit.sln --no-such-option")]
    [InlineData("dotnet clean")]
    public void A_command_that_nothing_runs_is_found(string line)
    {
        DocumentedCommand command = Assert.Single(DocumentedCommand.On("page", $"```\n{line}  # remark\n```"));
        Assert.Equal(line, command.Text);
        Assert.NotNull(WhyNotRun(command));
    }

    [Fact]
    public void Commands_are_found_in_blocks_over_two_lines_and_in_sentences()
    {
        const string Page = """
            Run `A=2 dotnet run --project bench -- density`, not `dotnet run -- hpt FILE` or `dotnet test`.
            ```
            A=1 B='x y' dotnet run \
              --project bench -- limits     # a remark
            ls
            ```
            """;
        Assert.Equal(
            ["dotnet run --project bench -- density", "dotnet run --project bench -- limits"],
            DocumentedCommand.On("page", Page).Select(command => command.Text));
    }

    private static string? WhyNotRun(DocumentedCommand command)
    {
        if (CiLines.Any(line => line == command.Text || line.StartsWith(command.Text + " ", StringComparison.Ordinal)))
            return null;
        if (command.Words[0] is "ringkit" or "tools/ringkit")
            return WhyNotRingKit(command.Arguments);
        if (command.Text.StartsWith(PackedTwiceTests.PackCommand, StringComparison.Ordinal)
            || command.Text.StartsWith(PackageTests.InstallCommand, StringComparison.Ordinal))
            return ReadmePage.Main.Commands.Contains(command.Text) ? null : "the tests of the packages run README's line, which is another";
        return command.Project switch
        {
            "src/RingKit.Cli" => WhyNotRingKit(command.Arguments),
            "bench" => command.Arguments is [['-', ..], ..] ? WhyNotBenchmarks(command.Arguments) : WhyNotBench(command.Arguments),
            "tests/Properties" => WhyNotTests(command.Arguments),
            { } sample when sample.StartsWith("samples/", StringComparison.Ordinal) => WhyNotSample(sample["samples/".Length..]),
            _ => ".ci/run has no such line",
        };
    }

    private static string? WhyNotRingKit(string[] arguments)
    {
        string verb = arguments[0];
        bool isRun = verb == "info" || CiLines.Any(line => line.Contains($"--project src/RingKit.Cli -- {verb}", StringComparison.Ordinal));
        if (!isRun)
            return $".ci/run does not run 'ringkit {verb}'";
        using var nowhere = new StringWriter();
        ParseResult parsed = RingKitCommand.Make(new Terminal(nowhere, nowhere)).Parse(arguments);
        return parsed.Errors is [{ } error, ..] ? error.Message : null;
    }

    // All suites run once, as a dry run.
    private static string? WhyNotBenchmarks(string[] arguments)
    {
        if (!CiLines.Any(line => line.Contains("dry_run '*'", StringComparison.Ordinal)))
            return ".ci/run does not run the benchmarks";
        string bench = Path.Combine(SourceTree.Root, "bench");
        string[] suites = [.. SourceTree.Sources("bench")
            .Where(file => file.EndsWith("Benchmarks.cs", StringComparison.Ordinal))
            .Select(file => "RingKit.Bench." + Path.ChangeExtension(Path.GetRelativePath(bench, file), null).Replace(Path.DirectorySeparatorChar, '.'))];
        foreach (string filter in arguments.SkipWhile(word => word != "--filter").Skip(1).TakeWhile(word => !word.StartsWith('-')))
        {
            // The part behind a suite's name chooses among its cases.
            int end = filter.IndexOf('*', 1);
            string pattern = end > 0 ? filter[..(end + 1)] : filter;
            if (!suites.Any(suite => FileSystemName.MatchesSimpleExpression(pattern, $"{suite}.")))
                return $"no suite has a name like {pattern}";
        }

        return UnknownOption(arguments);
    }

    private static string? WhyNotBench(string[] arguments)
    {
        string verb = $"--project bench -- {arguments[0]} ";
        bool isRun = CiLines.Any(line => line.Contains(verb, StringComparison.Ordinal) && line.Contains("--quick", StringComparison.Ordinal));
        if (!isRun)
            return $".ci/run does not run 'bench -- {arguments[0]} --quick'";
        return arguments is ["turns", { } suite, ..] && !SourceTree.Sources("bench").Any(file => Path.GetFileName(file) == $"{suite}Benchmarks.cs")
            ? $"there is no suite {suite}"
            : UnknownOption(arguments);
    }

    private static string? UnknownOption(string[] arguments) => arguments
        .Where(word => word.StartsWith("--", StringComparison.Ordinal) && !BenchmarkOptions.Contains(word))
        .Where(word => !BenchSources.Value.Contains($"\"{word}\"", StringComparison.Ordinal))
        .Select(word => $"no source in bench has {word}")
        .FirstOrDefault();

    private static string? WhyNotSample(string name)
    {
        bool isRun = SourceTree.Sources(Path.Combine("tests", "Properties", "Samples"))
            .Any(file => File.ReadAllText(file).Contains($"Run(\"{name}\"", StringComparison.Ordinal));
        return isRun ? null : "no test in tests/Properties/Samples runs it";
    }

    // All tests run; the long forms are the same tests.
    private static string? WhyNotTests(string[] arguments)
    {
        string[] classes = [.. typeof(DocumentedCommandsTests).Assembly.GetTypes().Select(type => type.FullName!)];
        foreach ((string option, string pattern) in arguments.Zip(arguments.Skip(1)))
        {
            if (option == "-class" && !classes.Any(name => FileSystemName.MatchesSimpleExpression(pattern, name)))
                return $"no test class has a name like {pattern}";
        }

        return null;
    }
}
