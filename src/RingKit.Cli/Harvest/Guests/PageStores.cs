using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest.Guests;

/// <summary>A guest that stores once to each of these pages.</summary>
/// <param name="pages">Guest frames, from 0.</param>
/// <param name="first">The first of them that is this vCPU's.</param>
/// <param name="end">Behind the last one.</param>
internal struct PageStores(uint[] pages, int first, int end) : IGuestProgram
{
    private int _next = first;

    public VcpuExit Step(Vcpu vcpu)
    {
        if (_next == end)
            return VcpuExit.Halted;
        VcpuExit exit = vcpu.Store((ulong)pages[_next] << GuestPage.Shift, (ulong)_next);
        if (exit == VcpuExit.None)
            _next++;
        return exit;
    }
}
