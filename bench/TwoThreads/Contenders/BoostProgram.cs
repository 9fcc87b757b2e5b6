using System.Diagnostics;

namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>The C++ rival: compiled into a temporary folder where that can be had.</summary>
internal sealed class BoostProgram : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly DirectoryInfo _folder;

    private BoostProgram(DirectoryInfo folder, string file)
    {
        _folder = folder;
        File = file;
    }

    public string File { get; }

    /// <summary>Compiles it.</summary>
    /// <returns>The program, or null and one line that says what is missing.</returns>
    public static BoostProgram? TryCompile(out string missing)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "Rivals", "boost_spsc.cpp");
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ringkit-bench-");
        string file = Path.Combine(folder.FullName, "boost_spsc");
        try
        {
            var (exitCode, _, error) = Start("g++", "-std=c++17", "-O3", "-march=native", "-pthread", "-o", file, source);
            if (exitCode == 0)
            {
                missing = "";
                return new BoostProgram(folder, file);
            }

            missing = error.Contains("boost/", StringComparison.Ordinal)
                ? "boost's headers are missing (Debian: libboost-dev)"
                : "g++ could not compile boost_spsc.cpp: " + error.Split('\n')[0];
        }
        catch (System.ComponentModel.Win32Exception)
        {
            missing = "g++ is missing";
        }

        folder.Delete(recursive: true);
        return null;
    }

    /// <summary>Runs a program to its end.</summary>
    public static (int ExitCode, string Output, string Error) Start(string file, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
            throw new TimeoutException($"{Path.GetFileName(file)} did not end within {Patience.TotalSeconds} s.");
        }

        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
