using System.ComponentModel;
using RingKit.Properties.Support;

namespace RingKit.Properties.DirtyRings.Kvm;

/// <summary>The C program of this folder, compiled against the system's own <c>linux/kvm.h</c>.</summary>
internal sealed class CHarvester : IDisposable
{
    private static readonly TimeSpan CompileDeadline = TimeSpan.FromSeconds(60);
    private static readonly Lazy<string?> Missing = new(FindMissing);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ringkit-kvm-");

    public CHarvester()
    {
        Program = PathOf("harvester");
        (int exitCode, _, string errors) = Programs.Run(
            CompileDeadline, "gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o", Program,
            Path.Combine(AppContext.BaseDirectory, "DirtyRings", "Kvm", "harvester.c"));
        if (exitCode != 0)
            throw new InvalidOperationException("gcc refuses harvester.c: " + errors);
    }

    /// <summary>What it takes and is not here, or null.</summary>
    public static string? WhyNot => Missing.Value;

    public string Program { get; }

    /// <summary>A file in the program's own folder.</summary>
    public string PathOf(string file) => Path.Combine(_folder.FullName, file);

    public void Dispose() => _folder.Delete(recursive: true);

    private static string? FindMissing()
    {
        if (!OperatingSystem.IsLinux())
            return "the dirty ring's header is Linux's";

        DirectoryInfo folder = Directory.CreateTempSubdirectory("ringkit-kvm-");
        try
        {
            string probe = Path.Combine(folder.FullName, "probe.c");
            File.WriteAllText(probe, "#include <linux/kvm.h>\nint dirty = KVM_DIRTY_GFN_F_DIRTY;\nstruct kvm_dirty_gfn entry;\n");
            return Programs.Run(CompileDeadline, "gcc", "-fsyntax-only", probe) is { ExitCode: not 0 } refused
                ? "gcc finds no linux/kvm.h with struct kvm_dirty_gfn (Linux 5.11; Debian: linux-libc-dev): " + refused.Errors.Split('\n')[0]
                : null;
        }
        catch (Win32Exception)
        {
            return "gcc is missing";
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
