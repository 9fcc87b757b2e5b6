using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest.Guests;

/// <summary>What a guest stores between two harvests.</summary>
internal interface IRoundStores
{
    /// <summary>One vCPU's part of a round.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="vcpus">How many there are.</param>
    /// <param name="log">The machine's log.</param>
    /// <param name="harvested">Takes what the vCPU harvests itself.</param>
    VcpuShare ShareOf(Vcpu vcpu, int vcpus, IDirtyLog log, HarvestedPages harvested);
}
