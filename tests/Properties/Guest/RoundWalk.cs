using RingKit.Mmu.Guest;

namespace RingKit.Properties.Guest;

/// <summary>Stores to the first 700 pages, one after the other, over and over.</summary>
/// <param name="steps">After so many stores it halts.</param>
internal struct RoundWalk(ulong steps) : IGuestProgram
{
    private ulong _next;

    /// <summary>Never halts.</summary>
    public RoundWalk()
        : this(ulong.MaxValue)
    {
    }

    public VcpuExit Step(Vcpu vcpu)
    {
        if (_next == steps)
            return VcpuExit.Halted;
        VcpuExit exit = vcpu.Store((_next % 700) << 12, _next);
        if (exit == VcpuExit.None)
            _next++;
        return exit;
    }
}
