using RingKit.Cli.Machines;
using RingKit.Kvm.Guests;

namespace RingKit.Cli.RealGuests;

/// <summary>What <c>ringkit kvm run</c> runs.</summary>
internal sealed record KvmRunSettings
{
    public const int MaximumPages = 1 << 20;
    public const int DefaultPages = 4096;
    public const int DefaultRingEntries = 4096;

    public static readonly TimeSpan MinimumInterval = TimeSpan.FromMilliseconds(1);
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan DefaultTime = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan MaximumTime = TimeSpan.FromMinutes(60);

    /// <summary>How the kernel tells what is written: one of <see cref="LogChoice.Real"/>.</summary>
    public LogChoice Log { get; init; } = LogChoice.Real[0];

    /// <summary>How many pages the guest stores to: from the vCPUs' number to <see cref="MaximumPages"/>.</summary>
    public int Pages { get; init; } = DefaultPages;

    /// <summary>Where its stores go.</summary>
    public GuestPattern Pattern { get; init; } = GuestPattern.Random;

    /// <summary>vCPUs, which store to the same pages, or with a pattern that goes through them one by one each to its share.</summary>
    public int Vcpus { get; init; } = 1;

    /// <summary>Entries of each vCPU's ring.</summary>
    public int RingEntries { get; init; } = DefaultRingEntries;

    /// <summary>How long the guest runs.</summary>
    public TimeSpan Time { get; init; } = DefaultTime;

    /// <summary>From one harvest to the next.</summary>
    public TimeSpan Interval { get; init; } = DefaultInterval;

    /// <summary>The device.</summary>
    public string DevicePath { get; init; } = KvmPath.Current;
}
