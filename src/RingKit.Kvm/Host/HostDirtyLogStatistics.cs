namespace RingKit.Kvm.Host;

/// <summary>What a host log has done since it was made.</summary>
/// <param name="Scans">How often the kernel was asked.</param>
/// <param name="Regions">How many regions of written pages it has reported.</param>
/// <param name="Pages">How many pages those had.</param>
public readonly record struct HostDirtyLogStatistics(ulong Scans, ulong Regions, ulong Pages);
