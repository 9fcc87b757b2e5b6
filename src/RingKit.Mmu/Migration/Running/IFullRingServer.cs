using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration.Running;

/// <summary>Makes room in full dirty rings, or sees to it that somebody does.</summary>
public interface IFullRingServer
{
    /// <summary>Makes room, or sees to it. A vCPU that runs again before there is room leaves the guest again. The vCPU's thread, outside the guest.</summary>
    /// <param name="vcpu">The vCPU whose ring is full.</param>
    void ServeFullRing(Vcpu vcpu);
}
