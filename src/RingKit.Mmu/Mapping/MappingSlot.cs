using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Mapping;

/// <summary>A memory slot as the choice of a level sees it. A value: a change of flags makes another.</summary>
/// <param name="Id">The slot's id.</param>
/// <param name="BaseGfn">Its first guest frame number.</param>
/// <param name="PageCount">How many 4K pages it has.</param>
/// <param name="UserspaceAddress">Where the host process has its first byte.</param>
/// <param name="Flags">What kind of slot it is.</param>
/// <param name="Gmem">The guest_memfd file that it is bound to, or null.</param>
/// <param name="GmemOffset">Where in the file the slot begins, in bytes.</param>
/// <remarks>Thread role: any.</remarks>
public sealed record MappingSlot(
    uint Id,
    ulong BaseGfn,
    ulong PageCount,
    ulong UserspaceAddress,
    MappingSlotTraits Flags = MappingSlotTraits.None,
    GuestMemfd? Gmem = null,
    ulong GmemOffset = 0)
{
    /// <summary>The guest frame number behind the last.</summary>
    public ulong EndGfn => BaseGfn + PageCount;

    /// <summary>Whether guest_memfd holds all of the slot's memory, shared and private: <c>KVM_MEMSLOT_GMEM_ONLY</c>. v11: "supports shared".</summary>
    public bool IsGmemOnly => Gmem is { AllowsMmap: true };

    /// <summary>Whether first writes are recorded.</summary>
    public bool IsDirtyTracked => (Flags & MappingSlotTraits.LogDirtyPages) != MappingSlotTraits.None;

    /// <summary>Whether the slot holds a frame.</summary>
    /// <param name="gfn">Any guest frame number.</param>
    public bool Contains(ulong gfn) => gfn - BaseGfn < PageCount;

    /// <summary>Whether the slot holds a whole range.</summary>
    internal bool Contains(ulong first, ulong end) => first >= BaseGfn && end <= EndGfn;

    /// <summary>The host's address of a frame of the slot.</summary>
    internal ulong HostAddressOf(ulong gfn) => UserspaceAddress + ((gfn - BaseGfn) << GuestPage.Shift);

    /// <summary>The page of the guest_memfd file that holds a frame of the slot.</summary>
    internal ulong GmemPageOf(ulong gfn) => gfn - BaseGfn + (GmemOffset >> GuestPage.Shift);
}
