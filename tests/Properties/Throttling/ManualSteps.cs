using RingKit.Mmu.Guest;
using RingKit.Properties.Support;

namespace RingKit.Properties.Throttling;

/// <summary>Steps that take time of a clock, and store to a page each if they are told to.</summary>
/// <param name="clock">The clock.</param>
/// <param name="time">What a step takes.</param>
/// <param name="steps">How many there are.</param>
/// <param name="pages">Over how many pages the stores go round; none if it is 0.</param>
internal struct ManualSteps(ManualClock clock, TimeSpan time, int steps, ulong pages = 0) : IGuestProgram
{
    /// <summary>How many are done.</summary>
    public int Done { get; private set; }

    public VcpuExit Step(Vcpu vcpu)
    {
        if (Done == steps)
            return VcpuExit.Halted;
        VcpuExit exit = pages == 0 ? VcpuExit.None : vcpu.Store(((ulong)Done % pages) << 12, 1ul);
        if (exit != VcpuExit.None)
            return exit;
        Done++;
        clock.Advance(time);
        return VcpuExit.None;
    }
}
