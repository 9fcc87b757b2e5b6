using System.Runtime.InteropServices;
using RingKit.Cli.Traces;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>What a vCPU runs to replay a batch: a step is an access, as on hardware an exit comes between instructions.</summary>
/// <param name="accesses">The batch.</param>
/// <param name="scratch">A page for what is loaded, and for long stores.</param>
internal ref struct AccessProgram(ReadOnlySpan<GuestAccess> accesses, Span<ulong> scratch) : IGuestProgram
{
    private readonly ReadOnlySpan<GuestAccess> _accesses = accesses;
    private readonly Span<ulong> _scratch = scratch;
    private int _next;

    public VcpuExit Step(Vcpu vcpu)
    {
        if ((uint)_next >= (uint)_accesses.Length)
            return VcpuExit.Halted;

        ref readonly GuestAccess access = ref _accesses[_next];
        VcpuExit exit = VcpuExit.None;
        if (access.Kind != TraceAccessKind.Store)
            exit = vcpu.Load(access.Gpa, MemoryMarshal.AsBytes(_scratch)[..access.Size]);

        // A modify whose store has to wait is repeated as a whole, its load included.
        if (exit == VcpuExit.None && access.Kind != TraceAccessKind.Load)
            exit = access.StoreBy(vcpu, _scratch);

        if (exit == VcpuExit.None)
            _next++;
        return exit;
    }
}
