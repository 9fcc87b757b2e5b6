using RingKit.Cli.RealGuests;
using RingKit.Kvm.Host;

namespace RingKit.Cli.Reports.Info;

/// <summary>What the machine's kernel offers to those who want to know written pages from it.</summary>
/// <param name="Release">Its release, or what .NET knows of it.</param>
/// <param name="Userfaultfd">What its userfaultfd can do, by the names of the header; empty where there is none for this process.</param>
/// <param name="HostLogMissing">Why it does not track this process's own memory, or null where it does, as a known write has shown.</param>
/// <param name="Kvm">What its KVM offers.</param>
internal sealed record KernelInfo(string Release, IReadOnlyList<string> Userfaultfd, string? HostLogMissing, KvmInfo Kvm)
{
    public static KernelInfo Read()
    {
        var support = HostTrackingSupport.Read();
        return new KernelInfo(
            Environment.OSVersion.VersionString,
            [.. Enum.GetValues<UserfaultFeatures>().Where(feature => feature != UserfaultFeatures.None && support.Userfaultfd.HasFlag(feature)).Select(NameOf)],
            support.WhyNot,
            KvmInfo.Read(KvmPath.Current));
    }

    private static string NameOf(UserfaultFeatures feature) => UpperSnake.Of(feature.ToString());
}
