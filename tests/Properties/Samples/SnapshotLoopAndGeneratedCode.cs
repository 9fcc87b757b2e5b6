using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Samples;

/// <summary>The samples SnapshotLoop and GeneratedCode run as their users run them, check themselves, and their checks can fail.</summary>
public sealed class SnapshotLoopAndGeneratedCode
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public void The_snapshot_is_restored_after_every_execution()
    {
        (int exitCode, string output, string errors) = Run("SnapshotLoop", "--quick");
        Report.Line(output);
        Assert.Equal((0, ""), (exitCode, errors));
        string[] lines = Lines(output);
        Assert.Equal(2, lines.Length);
        Assert.Matches(@"^SnapshotLoop: ok, 1,000 executions restored, 5[0-2]\.\d dirty pages of 16,384 each$", lines[0]);
        Assert.Matches(@"^[\d,]+ executions a second, by full copies [\d,]+: [\d,]+ times as many$", lines[1]);
    }

    [Fact]
    public void The_copies_beside_generated_stores_lose_nothing()
    {
        (int exitCode, string output, string errors) = Run("GeneratedCode", "--quick");
        Report.Line(output);
        Assert.Equal((0, ""), (exitCode, errors));
        string[] lines = Lines(output);
        Assert.Equal(2, lines.Length);
        Assert.Matches(@"^GeneratedCode: ok, [\d,]+ stores, [\d,]+ harvests, [\d,]+ pages copied and checked, nothing lost$", lines[0]);
        Assert.Matches(@"^a store \d+\.\d\d ns, its mark -?\d+\.\d\d on top; ", lines[1]);
    }

    [Theory]
    [InlineData("SnapshotLoop", "SnapshotLoop: failed: the machine is not that of the snapshot after execution 250")]
    [InlineData("GeneratedCode", "GeneratedCode: failed: stores were lost in 20 of 20 passes")]
    public void A_host_that_forgets_marks_is_found_out(string sample, string failure)
    {
        (int exitCode, string output, string errors) = Run(sample, "--quick", "--forget-marks");
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Equal(failure, Assert.Single(Lines(errors)));
    }

    [Theory]
    [InlineData("SnapshotLoop")]
    [InlineData("GeneratedCode")]
    public void A_sample_has_two_hundred_lines_or_fewer(string sample) =>
        Assert.InRange(SourceTree.Sources(Path.Combine("samples", sample)).Sum(file => File.ReadLines(file).Count()), 1, 200);

    // A sample is built beside the tests, in the same configuration.
    private static (int ExitCode, string Output, string Errors) Run(string sample, params string[] arguments)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        string program = Path.Combine(folder.Parent!.Parent!.FullName, sample, folder.Name, $"{sample}.dll");
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        return Programs.Run(Deadline, host, [program, .. arguments]);
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
