using System.Runtime.InteropServices;
using RingKit.Memory;

namespace RingKit.Mmu.Guest;

/// <summary>What a vCPU shares with the threads that ask something of it, apart from each other by who writes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2 * CacheLine.Separation)]
internal struct VcpuControl
{
    /// <summary>Request: drop the translations that the machine's shootdown names.</summary>
    public const ulong Invalidate = 1;

    /// <summary>Request: leave the guest if the dirty ring still wants it (the vCPU asks that of itself).</summary>
    public const ulong DirtyRingFull = 2;

    /// <summary>Request: leave the guest.</summary>
    public const ulong Stop = 4;

    /// <summary>Request: leave the guest if the dirty quota is exhausted.</summary>
    public const ulong DirtyQuota = 8;

    /// <summary><see cref="Holder"/>: the vCPU is outside the guest.</summary>
    public const ulong Nobody = 0;

    /// <summary><see cref="Holder"/>: the vCPU is in the guest.</summary>
    public const ulong Guest = 1;

    /// <summary><see cref="Holder"/>: another thread invalidates in its place; it is done in a moment.</summary>
    public const ulong Invalidator = 2;

    /// <summary>Request bits. Set by any thread, cleared by the vCPU.</summary>
    [FieldOffset(0)]
    public ulong Requests;

    /// <summary>How many invalidations were asked for. Written by the thread that invalidates.</summary>
    [FieldOffset(8)]
    public ulong Ticket;

    /// <summary>Who has the vCPU's translations: nobody, its own thread in the guest, or a thread that drops some while it is outside.</summary>
    [FieldOffset(CacheLine.Separation)]
    public ulong Holder;

    /// <summary>The ticket up to which invalidations are done. Written by the holder.</summary>
    [FieldOffset(CacheLine.Separation + 8)]
    public ulong Done;
}
