using RingKit.Mmu.Guest;

namespace RingKit.Cli.Migrate.Workloads;

/// <summary>What one vCPU of a guest stores, one store after the other.</summary>
internal interface IStoreSource
{
    /// <summary>Does the next store.</summary>
    /// <param name="vcpu">The vCPU whose source it is.</param>
    /// <returns><see cref="VcpuExit.None"/> if it is done; anything else says that it is not, and it stays the next.</returns>
    VcpuExit Store(Vcpu vcpu);
}
