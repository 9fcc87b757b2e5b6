using System.Collections;
using System.Runtime.InteropServices;

namespace RingKit.Cli.Commands;

/// <summary>
/// <c>ringkit harvest</c> runs every kind of log in one process. By its profile the JIT compiler would inline the kind that it happened to see at a call, and call the others: docs/study.md. The runtime
/// reads the switch when it starts, so the process starts anew; the other commands have one log, and are a quarter faster with a profile.
/// </summary>
internal static partial class WithoutProfile
{
    private const string Switch = "DOTNET_TieredPGO";
    private const string Self = "/proc/self";

    /// <summary>Runs the same command line in place of this process, unless somebody has chosen; where that cannot be, it returns, and all goes on as it is.</summary>
    /// <param name="args">The words behind the command's name.</param>
    public static void Restart(string[] args)
    {
        if (args is not ["harvest", ..] || !OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(Switch) is not null)
            return;
        try
        {
            string[] line = File.ReadAllText($"{Self}/cmdline")[..^1].Split('\0');
            IEnumerable<string> environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => $"{variable.Key}={variable.Value}");
            if (File.ResolveLinkTarget($"{Self}/exe", returnFinalTarget: true) is { } program)
                _ = Execute(program.FullName, [.. line, null], [.. environment, $"{Switch}=0", null]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then there is no /proc to start from.
        }
    }

    [LibraryImport("libc", EntryPoint = "execve", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments, string?[] environment);
}
