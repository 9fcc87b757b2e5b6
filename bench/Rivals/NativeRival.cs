using System.ComponentModel;
using System.Diagnostics;

namespace RingKit.Bench.Rivals;

/// <summary>A rival in C++: compiled into a temporary folder where that can be had.</summary>
internal sealed class NativeRival : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly DirectoryInfo _folder;

    private NativeRival(DirectoryInfo folder, string file)
    {
        _folder = folder;
        File = file;
    }

    public string File { get; }

    /// <summary>Compiles it.</summary>
    /// <param name="source">The file in this folder.</param>
    /// <param name="headers">How the names of the rival's own headers begin.</param>
    /// <param name="package">Debian's package that has them.</param>
    /// <param name="missing">One line that says what is missing, or nothing.</param>
    /// <param name="options">What the compiler needs besides; the libraries among it.</param>
    /// <returns>The program or library, or null.</returns>
    public static NativeRival? TryCompile(string source, string headers, string package, out string missing, params string[] options)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Rivals", source);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ringkit-bench-");
        string file = Path.Combine(folder.FullName, Path.GetFileNameWithoutExtension(source));
        try
        {
            var (exitCode, _, error) = Run("g++", ["-std=c++17", "-O3", "-march=native", "-o", file, path, .. options]);
            if (exitCode == 0)
            {
                missing = "";
                return new NativeRival(folder, file);
            }

            missing = error.Contains(headers, StringComparison.Ordinal)
                ? $"{headers}* is missing (Debian: {package})"
                : $"g++ could not compile {source}: {error.Split('\n')[0]}";
        }
        catch (Win32Exception)
        {
            missing = "g++ is missing";
        }

        folder.Delete(recursive: true);
        return null;
    }

    /// <summary>Runs a program to its end.</summary>
    public static (int ExitCode, string Output, string Error) Run(string file, params string[] arguments)
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
