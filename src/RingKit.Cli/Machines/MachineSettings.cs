using RingKit.Mmu.Mapping;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;

namespace RingKit.Cli.Machines;

/// <summary>How the machines are made that a command measures.</summary>
internal record MachineSettings
{
    public const int DefaultRingEntries = 4096;
    public const ulong MaximumMemory = 1UL << 40;

    /// <summary>vCPUs of each machine.</summary>
    public int Vcpus { get; init; } = 1;

    /// <summary>Entries of each vCPU's dirty ring.</summary>
    public int RingEntries { get; init; } = DefaultRingEntries;

    /// <summary>How a stage-2 page table is made, if it is one.</summary>
    public Stage2Options Stage2 { get; init; } = new() { HasHugePages = false };

    /// <summary>How x86's second level is made, if it is one, but for the log that its processors have, which the page table's name says.</summary>
    public TdpOptions Tdp { get; init; } = DefaultTdp;

    /// <summary>
    /// Without huge pages. Loads map pages read-only: KVM maps them writable where it can, and in a slot that is logged it reports them then, though nobody has stored to
    /// them.
    /// </summary>
    public static TdpOptions DefaultTdp { get; } = new() { MapsReadsWritable = false, HostLevel = MappingLevel.Size4K, SplitsEagerly = false };
}
