using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Tdp;

/// <summary>One 64-bit entry of x86's second-level page table, as KVM fills it for EPT. Everything is derived from its bits.</summary>
/// <remarks>
/// Levels are KVM's: 1 for 4K, 2 for 2M, 3 for 1G, 4 for the root. Source: Linux <c>arch/x86/kvm/mmu/spte.h</c>.
/// </remarks>
/// <param name="Raw">The entry.</param>
public readonly record struct Spte(ulong Raw)
{
    /// <summary>Bit 0: the guest may read.</summary>
    public const ulong ReadBit = 1UL << 0;

    /// <summary>Bit 1: the guest may write.</summary>
    public const ulong WriteBit = 1UL << 1;

    /// <summary>Bit 2: the guest may execute.</summary>
    public const ulong ExecuteBit = 1UL << 2;

    /// <summary>Bit 7: a leaf at level 2 or 3.</summary>
    public const ulong LargeBit = 1UL << 7;

    /// <summary>Bit 8, A: the processor has used the entry.</summary>
    public const ulong AccessedBit = 1UL << 8;

    /// <summary>Bit 9, D: the processor has stored through the entry.</summary>
    public const ulong DirtyBit = 1UL << 9;

    /// <summary>Bit 11, <c>SPTE_MMU_PRESENT</c>: software's own mark of a present entry; the processor does not look at it.</summary>
    public const ulong MmuPresentBit = 1UL << 11;

    /// <summary>Bits 51..12: the frame, or the next table.</summary>
    public const ulong AddressMask = 0x000F_FFFF_FFFF_F000;

    /// <summary>Bit 57: the host lets the frame be written.</summary>
    public const ulong HostWritableBit = 1UL << 57;

    /// <summary>Bit 58: W may be given back without a look at anything else.</summary>
    public const ulong MmuWritableBit = 1UL << 58;

    /// <summary>Bit 59: the frame is private memory. RingKit's own: KVM knows it by the root that the entry is under, or not at all.</summary>
    public const ulong PrivateBit = 1UL << 59;

    /// <summary>The value of an entry that somebody takes away and nobody else may touch: <c>FROZEN_SPTE</c>. It is not present.</summary>
    public const ulong FrozenValue = 0x5a0;

    private const int AccessDirtyShift = 52;
    private const ulong AccessDirtyMask = 3UL << AccessDirtyShift;

    /// <summary>Whether there is a leaf or a table.</summary>
    public bool IsPresent => (Raw & MmuPresentBit) != 0;

    /// <summary>Whether somebody is taking it away.</summary>
    public bool IsFrozen => Raw == FrozenValue;

    /// <summary>W.</summary>
    public bool IsWritable => (Raw & WriteBit) != 0;

    /// <summary>D.</summary>
    public bool IsDirty => (Raw & DirtyBit) != 0;

    /// <summary>A.</summary>
    public bool IsAccessed => (Raw & AccessedBit) != 0;

    /// <summary>Whether W may be given back by the lockless fix-up.</summary>
    public bool IsMmuWritable => (Raw & MmuWritableBit) != 0;

    /// <summary>Whether the frame is private memory.</summary>
    public bool IsPrivate => (Raw & PrivateBit) != 0;

    /// <summary>Bits 53..52.</summary>
    public SpteAccessDirty AccessDirty => (SpteAccessDirty)((Raw & AccessDirtyMask) >> AccessDirtyShift);

    /// <summary>Whether its stores are found by W alone: KVM's <c>spte_ad_need_write_protect</c>.</summary>
    public bool NeedsWriteProtection => (Raw & AccessDirtyMask) != 0;

    /// <summary>The frame of a leaf, or the next table's address shifted right by 12.</summary>
    public ulong Frame => (Raw & AddressMask) >> GuestPage.Shift;

    /// <summary>The address of the next table.</summary>
    public ulong TableAddress => Raw & AddressMask;

    /// <summary>Whether it maps memory at a level.</summary>
    /// <param name="level">1 to 4.</param>
    public bool IsLeafAt(int level) => IsPresent && (level == 1 || (Raw & LargeBit) != 0);

    /// <summary>Whether it names a table.</summary>
    /// <param name="level">1 to 4.</param>
    public bool IsTableAt(int level) => level != 1 && (Raw & (MmuPresentBit | LargeBit)) == MmuPresentBit;

    /// <summary>An entry that names a table: all permissions, A set, as the leaves below decide.</summary>
    /// <param name="address">The table's address, a multiple of 4096 below 2^52.</param>
    /// <param name="accessDirty">Whether the processor has A and D.</param>
    /// <exception cref="ArgumentOutOfRangeException">The address is none of these.</exception>
    public static Spte Table(ulong address, SpteAccessDirty accessDirty = SpteAccessDirty.Enabled)
    {
        if ((address & ~AddressMask) != 0)
            throw new ArgumentOutOfRangeException(nameof(address), address, "A table's address is a multiple of 4096 below 2^52.");
        ulong use = accessDirty == SpteAccessDirty.Disabled ? (ulong)accessDirty << AccessDirtyShift : AccessedBit;
        return new Spte(address | MmuPresentBit | ReadBit | WriteBit | ExecuteBit | use);
    }

    /// <summary>A leaf, readable and executable, with A set; a writable one with D set, as KVM makes it.</summary>
    /// <param name="level">1, 2 or 3.</param>
    /// <param name="frame">The first frame, a multiple of the level's pages below 2^40.</param>
    /// <param name="writable">Whether the guest may write: then W, and that the host lets it.</param>
    /// <param name="accessDirty">What A and D are for.</param>
    /// <param name="isPrivate">Whether it is private memory.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level or the frame is none of these.</exception>
    public static Spte Leaf(int level, ulong frame, bool writable, SpteAccessDirty accessDirty = SpteAccessDirty.Enabled, bool isPrivate = false)
    {
        if (level is < 1 or > TdpGeometry.LargestLeafLevel)
            throw new ArgumentOutOfRangeException(nameof(level), level, "A leaf is at level 1, 2 or 3.");
        if ((frame & (TdpGeometry.PagesAt(level) - 1)) != 0 || frame > AddressMask >> GuestPage.Shift)
            throw new ArgumentOutOfRangeException(nameof(frame), frame, $"A frame of level {level} is a multiple of {TdpGeometry.PagesAt(level)} below 2^40.");

        ulong raw = (frame << GuestPage.Shift) | MmuPresentBit | ReadBit | ExecuteBit | ((ulong)accessDirty << AccessDirtyShift);
        if (accessDirty != SpteAccessDirty.Disabled)
            raw |= writable ? AccessedBit | DirtyBit : AccessedBit;
        if (writable)
            raw |= WriteBit | HostWritableBit | MmuWritableBit;
        if (level > 1)
            raw |= LargeBit;
        if (isPrivate)
            raw |= PrivateBit;
        return new Spte(raw);
    }

    /// <summary>One of the 512 leaves that together are a large leaf; all its bits are inherited.</summary>
    /// <param name="level">The level of this leaf, 2 or 3.</param>
    /// <param name="index">0 to 511.</param>
    public Spte ChildOf(int level, ulong index)
    {
        ulong child = Raw + (index * TdpGeometry.PagesAt(level - 1) << GuestPage.Shift);
        return new Spte(level == 2 ? child & ~LargeBit : child);
    }

    /// <summary>The large leaf that a leaf is a part of: the frame rounded down, all else inherited.</summary>
    /// <param name="level">The large leaf's level, 2 or 3.</param>
    public Spte Enlarged(int level) => new((Raw & ~((TdpGeometry.PagesAt(level) - 1) << GuestPage.Shift)) | LargeBit);

    /// <summary>Whether the guest's access needs no more than the entry grants.</summary>
    /// <param name="access">The access.</param>
    internal bool Grants(in TdpAccess access) => (Raw & access.Needed) == access.Needed
        && (access.IsPrivate is not { } wanted || wanted == IsPrivate);
}
