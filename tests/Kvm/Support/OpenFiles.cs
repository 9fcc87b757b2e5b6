using System.Globalization;
using RingKit.Kvm.Native;

namespace RingKit.Kvm.Tests.Support;

/// <summary>What of KVM this process holds: files and mappings.</summary>
internal readonly record struct OpenFiles(int Files, int Mappings)
{
    public static OpenFiles Count()
    {
        int files = new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos().Count(file => file.LinkTarget is string target && IsKvms(target));
        int mappings = File.ReadLines("/proc/self/maps").Count(IsKvms);
        return new OpenFiles(files, mappings);
    }

    /// <summary>The file of the only vCPU of that number that there is now. The vCPU goes on owning it.</summary>
    public static FileDescriptor OfVcpu(int vcpu) => new(int.Parse(
        Path.GetFileName(Directory.GetFileSystemEntries("/proc/self/fd").Single(file => new FileInfo(file).LinkTarget == $"anon_inode:kvm-vcpu:{vcpu}")),
        CultureInfo.InvariantCulture));

    private static bool IsKvms(string name) =>
        name.EndsWith(KvmDevice.DefaultPath, StringComparison.Ordinal)
        || (name.Contains("anon_inode:", StringComparison.Ordinal) && name.Contains("kvm", StringComparison.Ordinal));
}
