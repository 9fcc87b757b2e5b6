using RingKit.Mmu.Guest;

namespace RingKit.Properties.Guest;

/// <summary>Stores 64-bit values to a list of addresses, one a step.</summary>
internal struct StoreScript((ulong Gpa, ulong Value)[] stores) : IGuestProgram
{
    private int _next;

    public readonly int Done => _next;

    public VcpuExit Step(Vcpu vcpu)
    {
        if (_next == stores.Length)
            return VcpuExit.Halted;

        VcpuExit exit = vcpu.Store(stores[_next].Gpa, stores[_next].Value);
        if (exit == VcpuExit.None)
            _next++;
        return exit;
    }
}
