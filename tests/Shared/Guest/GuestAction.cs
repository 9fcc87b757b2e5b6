using RingKit.Mmu.Guest;

namespace RingKit.Properties.Guest;

/// <summary>Runs one access on a vCPU, and says what it answered.</summary>
internal struct GuestAction(Func<Vcpu, VcpuExit> access) : IGuestProgram
{
    private bool _done;

    public static VcpuExit Run(Vcpu vcpu, Func<Vcpu, VcpuExit> access)
    {
        var program = new GuestAction(access);
        VcpuExit exit = vcpu.Run(ref program);
        return exit == VcpuExit.Halted ? VcpuExit.None : exit;
    }

    public VcpuExit Step(Vcpu vcpu)
    {
        if (_done)
            return VcpuExit.Halted;
        VcpuExit exit = access(vcpu);
        _done = exit == VcpuExit.None;
        return exit;
    }
}
