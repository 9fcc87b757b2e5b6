using RingKit.Kvm.Host;

namespace RingKit.Cli.Reports;

/// <summary>What the machine's kernel offers to those who want to know written pages from it.</summary>
/// <param name="Userfaultfd">What its userfaultfd can do, by the names of the header; empty where there is none for this process.</param>
/// <param name="HostLogMissing">Why it does not track this process's own memory, or null where it does, as a known write has shown.</param>
internal sealed record KernelInfo(IReadOnlyList<string> Userfaultfd, string? HostLogMissing)
{
    public static KernelInfo Read()
    {
        var support = HostTrackingSupport.Read();
        return new KernelInfo(
            [.. Enum.GetValues<UserfaultFeatures>().Where(feature => feature != UserfaultFeatures.None && support.Userfaultfd.HasFlag(feature)).Select(NameOf)],
            support.WhyNot);
    }

    // WpAsync is WP_ASYNC there.
    private static string NameOf(UserfaultFeatures feature) =>
        string.Concat(feature.ToString().Select((letter, i) => i > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{char.ToUpperInvariant(letter)}"));
}
