using RingKit.Cli.Migrate.Running;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Migrate;

/// <summary>A guest to be migrated, and its dirty log, which is stopped.</summary>
internal interface ISourceGuest : IDisposable
{
    /// <summary>The machine of the guest's memory.</summary>
    VirtualMachine Machine { get; }

    /// <summary>The machine's log.</summary>
    IDirtyLog Log { get; }

    /// <summary>What the vCPUs have lost so far, as far as anybody knows.</summary>
    VcpuStalls Stalls { get; }

    /// <summary>Lets the vCPUs store, until that is disposed.</summary>
    /// <param name="settings">What, and how fast.</param>
    /// <param name="throttle">What holds them back, or null.</param>
    IRunningGuest Start(MigrateSettings settings, GuestThrottle? throttle = null);
}
