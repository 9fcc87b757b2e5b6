using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>A guest that asks for every page for writing, one a step, and stores nothing.</summary>
/// <param name="pageCount">Pages from frame 0 on.</param>
internal struct TouchProgram(ulong pageCount) : IGuestProgram
{
    private ulong _next;

    public VcpuExit Step(Vcpu vcpu)
    {
        if (_next == pageCount)
            return VcpuExit.Halted;
        VcpuExit exit = vcpu.Store(_next << GuestPage.Shift, ReadOnlySpan<byte>.Empty);
        if (exit == VcpuExit.None)
            _next++;
        return exit;
    }
}
