using System.ComponentModel;
using System.Diagnostics;

namespace RingKit.Properties.Support;

/// <summary>Other programs, run to their end or to a deadline.</summary>
internal static class Programs
{
    /// <summary>Starts a program whose output and errors are caught.</summary>
    /// <exception cref="Win32Exception">There is no such program.</exception>
    public static Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        UseShellExecute = false,
    })!;

    /// <summary>Awaits the end of a program, and kills one that does not come to it.</summary>
    /// <returns>What it printed, and its errors.</returns>
    /// <exception cref="TimeoutException">It did not end in time.</exception>
    public static (int ExitCode, string Output, string Errors) AwaitEnd(Process program, TimeSpan deadline)
    {
        Task<string> output = program.StandardOutput.ReadToEndAsync(), errors = program.StandardError.ReadToEndAsync();
        if (!program.WaitForExit(deadline))
        {
            program.Kill();
            throw new TimeoutException($"{program.StartInfo.FileName} did not end within {deadline.TotalSeconds} s.");
        }

        return (program.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }

    /// <summary>Both.</summary>
    public static (int ExitCode, string Output, string Errors) Run(TimeSpan deadline, string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        return AwaitEnd(process, deadline);
    }
}
