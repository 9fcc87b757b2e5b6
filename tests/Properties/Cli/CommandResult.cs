using System.Diagnostics;
using RingKit.Cli.Commands;
using Xunit;

namespace RingKit.Properties.Cli;

/// <summary>What a run of the command came to.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>Runs the command in this process.</summary>
    public static async Task<CommandResult> OfAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int exitCode = await RingKitCommand.RunAsync(args, output, error);
        return new CommandResult(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs the command in a process of its own.</summary>
    public static Task<CommandResult> OfProcessAsync(params string[] args) => OfProcessAsync(_ => Task.CompletedTask, args);

    /// <summary>The same, and does something to it meanwhile.</summary>
    public static async Task<CommandResult> OfProcessAsync(Func<Process, Task> meanwhile, params string[] args)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "RingKit.Cli.dll"));
        foreach (string arg in args)
            start.ArgumentList.Add(arg);

        using Process process = Process.Start(start)!;
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);
        Task<string> error = process.StandardError.ReadToEndAsync(cancellation);
        await meanwhile(process);
        await process.WaitForExitAsync(cancellation);
        return new CommandResult(process.ExitCode, await output, await error);
    }

    /// <summary>Exit code 2, nothing on standard output, one line on standard error that begins as said, and no stack trace.</summary>
    public void AssertRefused(string errorBegins)
    {
        Assert.StartsWith($"ringkit: {errorBegins}", Error, StringComparison.Ordinal);
        Assert.EndsWith("\n", Error, StringComparison.Ordinal);
        Assert.Single(Error.TrimEnd().Split('\n'));
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.Empty(Output);
        Assert.Equal(2, ExitCode);
    }
}
