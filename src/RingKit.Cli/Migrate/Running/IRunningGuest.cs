using RingKit.Mmu.Migration.Running;

namespace RingKit.Cli.Migrate.Running;

/// <summary>A guest whose vCPUs store, each on a thread of its own.</summary>
internal interface IRunningGuest : IGuestRunner, IDisposable
{
    /// <summary>Stores so far, up to each vCPU's last batch. Any thread.</summary>
    ulong Stores { get; }

    /// <summary>What ended a vCPU's thread that should have gone on, or null. Any thread.</summary>
    Exception? Failure { get; }
}
