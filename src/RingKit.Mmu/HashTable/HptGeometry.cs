using System.Numerics;

namespace RingKit.Mmu.HashTable;

/// <summary>How many entries a hashed page table has, and which group of them an address belongs to.</summary>
/// <remarks>
/// A group (PTEG) is 8 entries, 128 bytes. An address has two: the one that its hash names, and the one that the inverted hash names.
/// Source: Power ISA 2.07 book III, 5.7.9.
/// </remarks>
public readonly record struct HptGeometry
{
    /// <summary>256 KiB. Smaller tables could not give back the address bits that an entry leaves out.</summary>
    public const int MinimumOrder = 18;

    /// <summary>64 GiB. KVM's ioctl takes up to 46, its reverse map has room for the indices of 36.</summary>
    public const int MaximumOrder = 36;

    /// <summary>8 entries a group.</summary>
    public const int EntriesPerGroup = 8;

    /// <summary>One of two groups, from whose entries no address could be told: for proofs.</summary>
    internal static HptGeometry TwoGroups => new() { Order = 8 };

    /// <summary>A table of 2^<paramref name="order"/> bytes.</summary>
    /// <param name="order">From <see cref="MinimumOrder"/> to <see cref="MaximumOrder"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The order is out of range.</exception>
    public HptGeometry(int order)
    {
        if (order is < MinimumOrder or > MaximumOrder)
            throw new ArgumentOutOfRangeException(nameof(order), order, $"A table has an order from {MinimumOrder} to {MaximumOrder}.");
        Order = order;
    }

    /// <summary>log2 of the table's size in bytes.</summary>
    public int Order { get; private init; }

    /// <summary>How many entries.</summary>
    public ulong EntryCount => 1UL << (Order - 4);

    /// <summary>How many groups.</summary>
    public ulong GroupCount => 1UL << (Order - 7);

    /// <summary>The bits of a hash that name a group.</summary>
    public ulong HashMask => GroupCount - 1;

    /// <summary>Whether a table may have so many entries: a power of two between those of the two orders.</summary>
    internal static bool IsEntryCount(ulong entries) =>
        BitOperations.IsPow2(entries) && BitOperations.Log2(entries) + 4 is >= MinimumOrder and <= MaximumOrder;

    /// <summary>The hash of an address.</summary>
    /// <param name="vsid">The virtual segment id.</param>
    /// <param name="address">The effective address; its bits inside the segment count.</param>
    /// <param name="baseShift">log2 of the segment's page size.</param>
    /// <param name="oneTebibyte">Whether the segment has 1 TiB, not 256 MiB.</param>
    public static ulong Hash(ulong vsid, ulong address, int baseShift, bool oneTebibyte)
    {
        ulong page = InSegment(address, oneTebibyte) >> baseShift;
        return oneTebibyte ? vsid ^ (vsid << 25) ^ page : vsid ^ page;
    }

    /// <summary>The group that a hash names.</summary>
    /// <param name="hash">The hash.</param>
    /// <param name="secondary">The inverted hash's group.</param>
    public ulong Group(ulong hash, bool secondary = false) => (secondary ? ~hash : hash) & HashMask;

    /// <summary>The first word of a valid entry for an address, without the guest's software bits.</summary>
    /// <param name="vsid">The virtual segment id: at most 50 bits, or 38 in a segment of 1 TiB.</param>
    /// <param name="address">The effective address.</param>
    /// <param name="baseShift">log2 of the segment's page size.</param>
    /// <param name="oneTebibyte">Whether the segment has 1 TiB, not 256 MiB.</param>
    /// <param name="secondary">Whether it goes to the inverted hash's group.</param>
    public static ulong FirstWord(ulong vsid, ulong address, int baseShift, bool oneTebibyte, bool secondary = false)
    {
        ulong avpn = InSegment(address, oneTebibyte) >> 16;
        avpn |= oneTebibyte ? HpteV.OneTebibyte | (vsid << 24) : vsid << 12;
        avpn &= ~0UL << Math.Max(7, baseShift - 16);
        return avpn | HpteV.Valid | (baseShift > 12 ? HpteV.Large : 0) | (secondary ? HpteV.Secondary : 0);
    }

    /// <summary>
    /// Whether an entry's own words place it in a group: its segment id and the address bits that it holds are hashed; the bits below, which it
    /// leaves out, are free.
    /// </summary>
    /// <param name="entry">An entry with a page size.</param>
    /// <param name="group">The group where it was found.</param>
    public bool Places(Hpte entry, ulong group)
    {
        if (entry.PageSize is not { } size)
            return false;

        ulong known = Hash(entry.Vsid, KnownAddress(entry), size.BaseShift, entry.IsOneTebibyteSegment);
        ulong free = size.BaseShift >= 23 ? 0 : (1UL << (23 - size.BaseShift)) - 1;
        return ((Group(known, entry.IsSecondary) ^ group) & HashMask & ~free) == 0;
    }

    /// <summary>The hash of an entry, the address bits that it leaves out taken from the group where it stands.</summary>
    /// <remarks>In a table of the minimum order the group gives back all bits of a 4 KiB page.</remarks>
    internal static ulong HashOf(Hpte entry, HptePageSize size, ulong group)
    {
        ulong hash = entry.IsSecondary ? ~group : group;
        ulong known = Hash(entry.Vsid, KnownAddress(entry), size.BaseShift, entry.IsOneTebibyteSegment);
        ulong free = size.BaseShift >= 23 ? 0 : (1UL << (23 - size.BaseShift)) - 1;
        return (known & ~free) | (hash & free);
    }

    // What the AVPN holds of the address inside its segment: bits 23 and up.
    private static ulong KnownAddress(Hpte entry) =>
        InSegment((entry.V & HpteV.Avpn) >> 7 << 23, entry.IsOneTebibyteSegment);

    private static ulong InSegment(ulong address, bool oneTebibyte) => address & ((1UL << (oneTebibyte ? 40 : 28)) - 1);
}
