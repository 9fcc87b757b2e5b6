using System.Numerics;
using RingKit.DirtyRings;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>What KVM offers on a kind of host.</summary>
/// <remarks>
/// The page size decides the least size of a ring alone: the simulated machine's pages, and those that entries name, have 4 KiB. Slots are all in address
/// space 0; the others exist, and are
/// empty.
/// </remarks>
public sealed record KvmProfile
{
    /// <summary>x86: rings by either capability, no bitmaps beside them.</summary>
    public static KvmProfile X86 { get; } = new() { OffersRing = true };

    /// <summary>arm64: rings for users that acquire and release, with bitmaps where they are asked for.</summary>
    public static KvmProfile Arm64 { get; } = new() { OffersRingWithBitmap = true, SlotIds = 32767 };

    /// <summary>Whether <see cref="KvmCapability.DirtyLogRing"/> is there: stores stay in order.</summary>
    public bool OffersRing { get; init; }

    /// <summary>Whether <see cref="KvmCapability.DirtyLogRingAcqRel"/> is there.</summary>
    public bool OffersRingAcqRel { get; init; } = true;

    /// <summary>Whether <see cref="KvmCapability.DirtyLogRingWithBitmap"/> is there.</summary>
    public bool OffersRingWithBitmap { get; init; }

    /// <summary>The bits that <see cref="KvmCapability.ManualDirtyLogProtect2"/> takes.</summary>
    public ManualProtect ManualProtect { get; init; } = ManualProtect.Enabled | ManualProtect.InitiallySet;

    /// <summary>At which page of a vCPU's file its ring is mapped, KVM_DIRTY_LOG_PAGE_OFFSET; 0 where it cannot be.</summary>
    public int RingPageOffset { get; init; } = 64;

    /// <summary>The host's page size in bytes, a power of two from 4 KiB to 64 KiB.</summary>
    public int PageSize { get; init; } = GuestPage.Size;

    /// <summary>Entries of the processor's own log, which come into the ring at one exit: 512 with Intel PML, else 0. At most 2^15.</summary>
    public int HardwareLogEntries { get; init; }

    /// <summary>How many address spaces there are, at least 1: 2 on x86 with system management mode.</summary>
    public int AddressSpaces { get; init; } = 1;

    /// <summary>How many slot ids a user may use: KVM_USER_MEM_SLOTS, from 1 to 32767.</summary>
    public int SlotIds { get; init; } = (int)MemslotDirtyLog.MaximumSlots;

    /// <summary>The entries that each ring keeps back: 64, and those of the processor's log.</summary>
    public int ReservedEntries => DirtyRing.DefaultReservedEntries + HardwareLogEntries;

    /// <summary>Whether a slot word names an address space and an id that can be.</summary>
    internal bool HasSlotId(uint slot) => slot >> 16 < (uint)AddressSpaces && (slot & 0xFFFF) < (uint)SlotIds;

    /// <summary>Checks all values.</summary>
    /// <exception cref="ArgumentNullException">There is no profile.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    internal static void Check(KvmProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        string? refusal = profile switch
        {
            { PageSize: < GuestPage.Size or > 1 << 16 } => $"{nameof(PageSize)} must be from {GuestPage.Size} to {1 << 16}.",
            _ when !BitOperations.IsPow2(profile.PageSize) => $"{nameof(PageSize)} must be a power of two.",
            { HardwareLogEntries: < 0 or > 1 << 15 } => $"{nameof(HardwareLogEntries)} must be from 0 to {1 << 15}.",
            { AddressSpaces: < 1 or > 1 << 16 } => $"{nameof(AddressSpaces)} must be from 1 to {1 << 16}.",
            { SlotIds: < 1 or > short.MaxValue } => $"{nameof(SlotIds)} must be from 1 to {short.MaxValue}.",
            { RingPageOffset: < 0 } => $"{nameof(RingPageOffset)} must not be negative.",
            _ when (profile.ManualProtect & ~(ManualProtect.Enabled | ManualProtect.InitiallySet)) != ManualProtect.None =>
                $"{nameof(ManualProtect)} has unknown bits.",
            _ => null,
        };
        if (refusal is not null)
            throw new ArgumentOutOfRangeException(nameof(profile), profile, refusal);
    }
}
