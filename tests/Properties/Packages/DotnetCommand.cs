using System.Diagnostics;
using RingKit.Properties.Support;

namespace RingKit.Properties.Packages;

/// <summary>Commands of the SDK, and programs that it built, run as a user runs them: without what the test's own run has put into the environment.</summary>
internal static class DotnetCommand
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    /// <summary>Runs a program and waits for its end.</summary>
    /// <param name="folder">The folder that it works in.</param>
    /// <param name="program">Its name or path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It failed: the message has all that it printed.</exception>
    public static string Run(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

        // MSBuild's own variables lead a build inside a test into the build outside of it; NUGET_PACKAGES would let it share a cache.
        string[] inherited = [.. start.Environment.Keys
            .Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || name == "NUGET_PACKAGES")];
        foreach (string name in inherited)
            start.Environment.Remove(name);
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["NO_COLOR"] = "1";

        // No process outlives the command.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";

        using Process process = Process.Start(start)!;
        (int exitCode, string output, string errors) = Programs.AwaitEnd(process, Deadline);
        return exitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} in {folder}: exit code {exitCode}\n{output}\n{errors}");
    }

    /// <summary>Runs a line of a README, as a shell does.</summary>
    public static string RunLine(string folder, string line) => Run(folder, "sh", "-c", line);
}
