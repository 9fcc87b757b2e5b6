using RingKit.Cli.Machines;
using RingKit.Cli.Migrate.Running;
using RingKit.Cli.Migrate.Workloads;
using RingKit.Cli.Replay;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Migrate;

/// <summary>What guest to migrate, and how.</summary>
internal sealed record MigrateSettings : MachineSettings
{
    public const ulong DefaultMemory = 256UL << 20;
    public const int DefaultVcpus = 2;
    public const int MaximumVcpus = 64;
    public const ulong DefaultWriteRate = 100UL << 20;
    public const ulong DefaultBandwidth = 200UL << 20;

    /// <summary>No rate: as many stores, or bytes, as the machine manages.</summary>
    public const ulong Unlimited = ulong.MaxValue;

    /// <summary>The largest rate that there is a number for: 1T.</summary>
    public const ulong MaximumRate = 1UL << 40;

    /// <summary>The lowest bandwidth: 64K, or a guest of a GiB would take a working day.</summary>
    public const ulong MinimumBandwidth = 64UL << 10;

    public const int DefaultRounds = 30;
    public const int MaximumRounds = 1000;

    public static readonly TimeSpan DefaultDowntime = TimeSpan.FromMilliseconds(300);
    public static readonly TimeSpan MinimumDowntime = TimeSpan.FromMilliseconds(1);
    public static readonly TimeSpan MaximumDowntime = TimeSpan.FromMinutes(60);
    public static readonly TimeSpan DefaultWarmUp = TimeSpan.FromMilliseconds(250);
    public static readonly TimeSpan MaximumWarmUp = TimeSpan.FromMinutes(10);

    /// <summary>The page table.</summary>
    public MmuChoice Mmu { get; init; } = MmuChoice.Flat;

    /// <summary>The dirty logs: one migration each, one after the other.</summary>
    public IReadOnlyList<LogChoice> Logs { get; init; } = [LogChoice.Flat[0]];

    /// <summary>The guest's memory in bytes: pages, at most <see cref="MachineSettings.MaximumMemory"/>.</summary>
    public ulong Memory { get; init; } = DefaultMemory;

    /// <summary>The guest's memory in pages.</summary>
    public ulong MemoryPages => Memory >> GuestPage.Shift;

    /// <summary>What the stores of all vCPUs come to in a second if each counts as its whole page, in bytes; 0 for an idle guest, or <see cref="Unlimited"/>.</summary>
    public ulong WriteRate { get; init; } = DefaultWriteRate;

    /// <summary>Which pages the stores go to, if they come from no trace.</summary>
    public StorePattern Pattern { get; init; }

    /// <summary>Where random numbers begin.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The trace that the stores come from, or null.</summary>
    public TraceStores? Trace { get; init; }

    /// <summary>Bytes a second that are sent while the guest runs, or <see cref="Unlimited"/>.</summary>
    public ulong Bandwidth { get; init; } = DefaultBandwidth;

    /// <summary>How long the guest may stand still.</summary>
    public TimeSpan Downtime { get; init; } = DefaultDowntime;

    /// <summary>Rounds while the guest runs.</summary>
    public int Rounds { get; init; } = DefaultRounds;

    /// <summary>How long the guest runs before its log starts.</summary>
    public TimeSpan WarmUp { get; init; } = DefaultWarmUp;

    /// <summary>How the guest is held back if it has to be.</summary>
    public ThrottleKind Throttle { get; init; }

    /// <summary>How the pages travel.</summary>
    public Via Via { get; init; } = Via.Tcp;

    /// <summary>Stores a second of each vCPU; infinity if nothing holds it.</summary>
    public double StoresPerSecond => WriteRate == Unlimited ? double.PositiveInfinity : (double)WriteRate / GuestPage.Size / Vcpus;
}
