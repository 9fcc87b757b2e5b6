using System.Runtime.CompilerServices;
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
            exit = Store(vcpu, in access);

        if (exit == VcpuExit.None)
            _next++;
        return exit;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly VcpuExit Store(Vcpu vcpu, ref readonly GuestAccess access) => access.Size switch
    {
        8 => vcpu.Store(access.Gpa, access.Data),
        4 => vcpu.Store(access.Gpa, First<uint>(access.Data)),
        2 => vcpu.Store(access.Gpa, First<ushort>(access.Data)),
        1 => vcpu.Store(access.Gpa, First<byte>(access.Data)),
        _ => StoreLong(vcpu, in access),
    };

    private readonly VcpuExit StoreLong(Vcpu vcpu, ref readonly GuestAccess access)
    {
        Span<ulong> data = _scratch[..((access.Size + 7) / 8)];
        data.Fill(access.Data);
        return vcpu.Store(access.Gpa, MemoryMarshal.AsBytes(data)[..access.Size]);
    }

    // The first bytes in memory, whatever the host's byte order.
    private static T First<T>(ulong data)
        where T : unmanaged => Unsafe.As<ulong, T>(ref data);
}
