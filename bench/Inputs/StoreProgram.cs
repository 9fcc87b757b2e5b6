using RingKit.Mmu.Guest;

namespace RingKit.Bench.Inputs;

/// <summary>A guest that stores 8 bytes into one page after the other, a store a step, until it has done its stores.</summary>
internal struct StoreProgram(ulong pages, int stores) : IGuestProgram
{
    private ulong _page;
    private int _left = stores;

    public VcpuExit Step(Vcpu vcpu)
    {
        if (_left == 0)
            return VcpuExit.Halted;

        VcpuExit exit = vcpu.Store(_page << GuestPage.Shift, (ulong)_left);
        if (exit != VcpuExit.None)
            return exit;

        _left--;
        _page = _page + 1 == pages ? 0 : _page + 1;
        return VcpuExit.None;
    }
}
