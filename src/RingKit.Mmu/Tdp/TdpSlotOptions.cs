using RingKit.Mmu.Mapping;

namespace RingKit.Mmu.Tdp;

/// <summary>What a memory slot has behind it.</summary>
public sealed record TdpSlotOptions
{
    /// <summary>The slot's id.</summary>
    public required uint SlotId { get; init; }

    /// <summary>
    /// Where the host process has the slot's first byte, a multiple of 4096; null for an address that leaves the guest frames' offset within 1G as it is.
    /// </summary>
    public ulong? UserspaceAddress { get; init; }

    /// <summary>The largest pages by which the host maps the slot, as far as its addresses allow: 4K, 2M or 1G; null for <see cref="TdpOptions.HostLevel"/>.</summary>
    public MappingLevel? HostLevel { get; init; }

    /// <summary>Whether a store leaves the guest: KVM_MEM_READONLY.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>
    /// The flags of a guest_memfd file of its own that the slot is bound to, or null for none. If the host may map the file, it is all of the slot's memory; otherwise
    /// the private frames alone.
    /// </summary>
    public GuestMemfdTraits? Gmem { get; init; }

    /// <summary>The order of the file's pages, 0 to <see cref="GuestMemfd.MaximumOrder"/>, as far as the file has whole ones; the rest has order 0.</summary>
    public int GmemOrder { get; init; }

    /// <summary>Where in the file the slot begins, in 4K pages: less than 2^51 - 2^31.</summary>
    public ulong GmemFirstPage { get; init; }
}
