using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.SelfTest;

/// <summary>The guest as a vCPU runs it.</summary>
internal readonly struct SelfTestProgram(SelfTestGuest guest) : IGuestProgram
{
    public VcpuExit Step(Vcpu vcpu) => guest.Step(vcpu);
}
