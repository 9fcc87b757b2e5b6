using RingKit.Mmu.Stage2.Hypervisor;

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
}
