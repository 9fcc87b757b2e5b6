using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RingKit.Cli.Traces;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Replay;

/// <summary>One access of the guest, within one page.</summary>
/// <param name="Gpa">The guest-physical address.</param>
/// <param name="Data">The eight bytes that a store repeats, as they lie in memory; see <see cref="StoreData"/>.</param>
/// <param name="Size">How many bytes.</param>
/// <param name="Kind">A load, a store or both; no instruction.</param>
internal readonly record struct GuestAccess(ulong Gpa, ulong Data, ushort Size, TraceAccessKind Kind)
{
    /// <summary>Does the store.</summary>
    /// <param name="vcpu">In a step of its program.</param>
    /// <param name="scratch">A page for long stores.</param>
    /// <returns>What the vCPU answers.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public VcpuExit StoreBy(Vcpu vcpu, Span<ulong> scratch) => Size switch
    {
        8 => vcpu.Store(Gpa, Data),
        4 => vcpu.Store(Gpa, First<uint>(Data)),
        2 => vcpu.Store(Gpa, First<ushort>(Data)),
        1 => vcpu.Store(Gpa, First<byte>(Data)),
        _ => StoreLong(vcpu, scratch),
    };

    private VcpuExit StoreLong(Vcpu vcpu, Span<ulong> scratch)
    {
        Span<ulong> data = scratch[..((Size + 7) / 8)];
        data.Fill(Data);
        return vcpu.Store(Gpa, MemoryMarshal.AsBytes(data)[..Size]);
    }

    // The first bytes in memory, whatever the host's byte order.
    private static T First<T>(ulong data)
        where T : unmanaged => Unsafe.As<ulong, T>(ref data);
}
