namespace RingKit.Kvm.Running;

/// <summary>A guest that runs until it halts, and has no other business.</summary>
public readonly struct UntilHalted : IKvmExitHandler
{
    /// <inheritdoc/>
    /// <exception cref="KvmException">The guest did something else; the message has the vCPU's registers.</exception>
    public bool Handle(KvmVcpu vcpu, in KvmExit exit)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        return exit.Reason == KvmExitReason.Halted
            ? false
            : throw new KvmException($"vCPU {vcpu.Id} left the guest unexpectedly: {exit}\n{vcpu.DumpRegisters()}");
    }
}
