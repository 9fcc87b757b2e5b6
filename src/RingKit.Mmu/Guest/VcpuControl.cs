using System.Runtime.InteropServices;
using RingKit.Memory;

namespace RingKit.Mmu.Guest;

/// <summary>What a vCPU shares with the threads that ask something of it, apart from each other by who writes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2 * CacheLine.Separation)]
internal struct VcpuControl
{
    /// <summary>Request: drop all translations.</summary>
    public const ulong FlushTlb = 1;

    /// <summary>Request: leave the guest if the dirty ring still wants it (the vCPU asks that of itself).</summary>
    public const ulong DirtyRingFull = 2;

    /// <summary>Request: leave the guest.</summary>
    public const ulong Stop = 4;

    /// <summary>Request bits. Set by any thread, cleared by the vCPU.</summary>
    [FieldOffset(0)]
    public ulong Requests;

    /// <summary>How many flushes were asked for. Written by the thread that invalidates.</summary>
    [FieldOffset(8)]
    public ulong FlushTicket;

    /// <summary>1 while the vCPU is in the guest. Written by the vCPU.</summary>
    [FieldOffset(CacheLine.Separation)]
    public ulong InGuest;

    /// <summary>The ticket up to which flushes are done. Written by the vCPU.</summary>
    [FieldOffset(CacheLine.Separation + 8)]
    public ulong FlushesDone;
}
