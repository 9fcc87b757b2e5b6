using System.Reflection;
using System.Runtime.InteropServices;
using RingKit.Properties.Support;

namespace RingKit.Properties.Arm64;

/// <summary>Compiles the library, and this assembly for its instantiations, to arm64 code with the ReadyToRun compiler.</summary>
/// <remarks>
/// The compiler is a package that the project downloads (<c>Arm64Compiler</c> in its csproj). It holds the JIT that makes arm64 code and runs
/// on x64; that JIT prints what it makes.
/// </remarks>
internal static class Arm64Compiler
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly Lazy<List<Arm64Method>> Compiled = new(Compile);

    private static string Program { get; } = typeof(Arm64Compiler).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(metadata => string.Equals(metadata.Key, nameof(Arm64Compiler), StringComparison.Ordinal)).Value ?? "";

    /// <summary>Why there can be no arm64 code here, or null if there can.</summary>
    public static string? WhyNot =>
        !OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64
            || Program.Length == 0
            ? "the arm64 compiler is taken from its package for Linux on x64, and not here"
            : File.Exists(Program) ? null : $"the arm64 compiler is not at '{Program}'";

    /// <summary>The methods of all cores and of <c>HardwareOrdering</c>.</summary>
    public static List<Arm64Method> Methods => Compiled.Value;

    private static List<Arm64Method> Compile()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ringkit-arm64-");
        try
        {
            string listing = Path.Combine(folder.FullName, "listing.txt");
            string own = AppContext.BaseDirectory, framework = RuntimeEnvironment.GetRuntimeDirectory();
            Run(
                Path.Combine(own, "RingKit.dll"), typeof(Arm64Compiler).Assembly.Location,
                "--targetos:linux", "--targetarch:arm64", "-O", "--composite", "--inputbubble",
                "-r:" + Path.Combine(framework, "*.dll"), "-r:" + Path.Combine(own, "*.dll"),
                "-o:" + Path.Combine(folder.FullName, "image"),

                // Several threads would print into each other's listings.
                "--parallelism:1", "--codegenopt:JitStdOutFile=" + listing, "--codegenopt:JitDisasm=*Core*:* *HardwareOrdering:* *SleepGate*:*");
            return Arm64Method.Parse(File.ReadLines(listing));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Run(params string[] arguments)
    {
        (int exitCode, string output, string errors) = Programs.Run(Deadline, Program, arguments);
        if (exitCode != 0)
            throw new InvalidOperationException($"The arm64 compiler failed, exit code {exitCode}:\n{output}\n{errors}");
    }
}
