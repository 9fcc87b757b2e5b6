using System.Collections.Immutable;
using RingKit.Cli.Replay;
using RingKit.Cli.Traces;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest.ByTrace;

/// <summary>A guest that does some stores of a trace, one behind the other.</summary>
/// <param name="stores">The trace's.</param>
/// <param name="first">The first of them that is this vCPU's.</param>
/// <param name="end">Behind the last one.</param>
/// <param name="scratch">A page for long stores, of this vCPU alone.</param>
internal struct TraceProgram(ImmutableArray<TraceStore> stores, int first, int end, ulong[] scratch) : IGuestProgram
{
    private int _next = first;

    public VcpuExit Step(Vcpu vcpu)
    {
        if (_next == end)
            return VcpuExit.Halted;
        TraceStore store = stores[_next];
        VcpuExit exit = new GuestAccess(store.Gpa, (ulong)_next, store.Size, TraceAccessKind.Store).StoreBy(vcpu, scratch);
        if (exit == VcpuExit.None)
            _next++;
        return exit;
    }
}
