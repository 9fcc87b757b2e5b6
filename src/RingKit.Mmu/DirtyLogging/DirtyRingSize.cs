using System.Numerics;
using RingKit.DirtyRings;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>The size of a vCPU's dirty ring, which KVM's capability takes in bytes and everyone else in entries.</summary>
/// <remarks>Source of the rules: KVM's KVM_CAP_DIRTY_LOG_RING, docs/dirty-ring.md.</remarks>
public readonly record struct DirtyRingSize
{
    /// <summary>65536 entries, 1 MiB: KVM's KVM_DIRTY_RING_MAX_ENTRIES.</summary>
    public const ulong MaximumEntries = 65536;

    private DirtyRingSize(ulong bytes) => Bytes = bytes;

    /// <summary>The size in bytes.</summary>
    public ulong Bytes { get; }

    /// <summary>The size in entries, rounded down.</summary>
    public ulong Entries => Bytes / DirtyGfn.SizeInBytes;

    /// <summary>A size in bytes, any value.</summary>
    /// <param name="bytes">As in the capability's first argument; unlike there, all 64 bits count.</param>
    public static DirtyRingSize FromBytes(ulong bytes) => new(bytes);

    /// <summary>A size in entries, any value.</summary>
    /// <param name="entries">The size in bytes saturates at 2^64 - 1.</param>
    public static DirtyRingSize FromEntries(ulong entries) =>
        new(entries > ulong.MaxValue / DirtyGfn.SizeInBytes ? ulong.MaxValue : entries * DirtyGfn.SizeInBytes);

    /// <summary>The fewest entries that KVM allows: a power of two that exceeds the reserve and fills a page.</summary>
    /// <param name="pageSize">The host's page size in bytes, a power of two.</param>
    /// <param name="hardwareLogEntries">Entries of the processor's own log: 512 with Intel PML, else 0.</param>
    public static ulong MinimumEntries(int pageSize = GuestPage.Size, int hardwareLogEntries = 0) => Math.Max(
        BitOperations.RoundUpToPowerOf2((ulong)(DirtyRing.DefaultReservedEntries + hardwareLogEntries)),
        (ulong)(pageSize / DirtyGfn.SizeInBytes));

    /// <summary>What KVM answers to this size, its checks in KVM's order.</summary>
    /// <param name="pageSize">The host's page size in bytes, a power of two.</param>
    /// <param name="hardwareLogEntries">Entries of the processor's own log: 512 with Intel PML, else 0.</param>
    /// <returns>
    /// <see cref="Errno.Invalid"/> for 0, no power of two, or too small; <see cref="Errno.TooBig"/> above <see cref="MaximumEntries"/>;
    /// <see cref="Errno.None"/> else.
    /// </returns>
    public Errno Check(int pageSize = GuestPage.Size, int hardwareLogEntries = 0)
    {
        if (!BitOperations.IsPow2(Bytes))
            return Errno.Invalid;
        if (Bytes < (ulong)(DirtyRing.DefaultReservedEntries + hardwareLogEntries) * DirtyGfn.SizeInBytes || Bytes < (ulong)pageSize)
            return Errno.Invalid;
        return Bytes > MaximumEntries * DirtyGfn.SizeInBytes ? Errno.TooBig : Errno.None;
    }
}
