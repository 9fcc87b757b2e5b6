namespace RingKit.Kvm.Running;

/// <summary>Answers the exits of a vCPU that are the guest's own business. Full rings and requests to leave are none.</summary>
public interface IKvmExitHandler
{
    /// <summary>Answers an exit. The vCPU's thread, outside the guest; no pause returns meanwhile, so it may store to the guest's memory, and must not wait for one.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="exit">The exit.</param>
    /// <returns>Whether the guest goes on; if not, its thread ends.</returns>
    bool Handle(KvmVcpu vcpu, in KvmExit exit);
}
