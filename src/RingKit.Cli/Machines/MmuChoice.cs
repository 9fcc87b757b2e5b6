using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Tdp;
using RingKit.Ordering;

namespace RingKit.Cli.Machines;

/// <summary>A page table that a command can be asked for.</summary>
/// <param name="Name">As on the command line and in reports.</param>
/// <param name="Logs">The dirty logs over it.</param>
internal sealed record MmuChoice(string Name, IReadOnlyList<LogChoice> Logs)
{
    /// <summary>What the options' descriptions say of them.</summary>
    public const string Description =
        "a flat one, PowerPC's hashed one, the second stage of arm64's, or x86's second level, write-protected, or with a log of the processor's own.";

    /// <summary>The same of <see cref="Kvm"/>.</summary>
    public const string KvmDescription = "kvm: a real guest on this machine's KVM, by the kernel's own log.";

    /// <summary>An array of entries for each slot.</summary>
    public static MmuChoice Flat { get; } = new("flat", LogChoice.Flat);

    /// <summary>PowerPC's hashed page table, filled by hypercalls or by a hypervisor that shadows the guest's.</summary>
    public static MmuChoice Hash { get; } = new("hash", LogChoice.Hash);

    /// <summary>The second stage of arm64's translation, by the settings' options.</summary>
    public static MmuChoice Stage2 { get; } = new("stage2", LogChoice.Stage2);

    /// <summary>The second level of x86's, by the settings' options: first stores to protected pages fault.</summary>
    public static MmuChoice Tdp { get; } = new("tdp", LogChoice.Tdp);

    /// <summary>The same, with Intel's page-modification log: the processor notes where it sets D.</summary>
    public static MmuChoice TdpWithLog { get; } = new("tdp-pml", LogChoice.TdpWithLog)
    {
        HardwareLogEntries = PageModificationLog<HardwareOrdering>.Capacity,
    };

    /// <summary>No simulated one: that of a guest on this machine's KVM.</summary>
    public static MmuChoice Kvm { get; } = new("kvm", LogChoice.Real);

    /// <summary>All simulated ones.</summary>
    public static IReadOnlyList<MmuChoice> All { get; } = [Flat, Hash, Stage2, Tdp, TdpWithLog];

    /// <summary>The same, and the real one.</summary>
    public static IReadOnlyList<MmuChoice> AllAndReal { get; } = [.. All, Kvm];

    /// <summary>Pages that a processor logs by itself, which come into a ring at one exit.</summary>
    public int HardwareLogEntries { get; private init; }

    /// <summary>Whether it is x86's second level.</summary>
    public bool IsTdp => this == Tdp || this == TdpWithLog;

    /// <summary>The smallest ring of a vCPU, in entries.</summary>
    public ulong SmallestRing => DirtyRingSize.MinimumEntries(hardwareLogEntries: HardwareLogEntries);

    /// <summary>The sizes that a ring may have, in words.</summary>
    public string RingSizes => $"a power of two from {SmallestRing} to {DirtyRingSize.MaximumEntries}";

    /// <summary>Whether a vCPU's ring may have so many entries.</summary>
    public bool AllowsRing(ulong entries) => DirtyRingSize.FromEntries(entries).Check(hardwareLogEntries: HardwareLogEntries) == Errno.None;

    /// <summary>The one of a name, or null.</summary>
    /// <param name="name">The name.</param>
    /// <param name="among">Which there are; all simulated ones if it is null.</param>
    public static MmuChoice? Of(string name, IReadOnlyList<MmuChoice>? among = null) => (among ?? All).FirstOrDefault(mmu => mmu.Name.Equals(name, StringComparison.Ordinal));
}
