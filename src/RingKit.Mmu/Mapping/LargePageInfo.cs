using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Mapping;

/// <summary>Where a slot may have large pages: for each 2M and each 1G range that it touches, how many reasons there are against it.</summary>
/// <remarks>
/// An entry is a count in bits 0..30 and the mixed flag in bit 31; a level is allowed where the entry is 0. Reasons that the slot is born with
/// count once: the head or the tail range is not all inside the slot, or the guest's and the host's addresses differ in their offset within the
/// level. Linux: <c>kvm_lpage_info</c>.
/// Thread role: one thread at a time (KVM: under mmu_lock; the mixed flag under slots_lock besides).
/// </remarks>
public sealed class LargePageInfo
{
    /// <summary>Bit 31: the frames of the range differ in their attributes. Linux: <c>KVM_LPAGE_MIXED_FLAG</c>.</summary>
    public const uint MixedFlag = 1u << 31;

    private readonly MappingSlot _slot;
    private readonly uint[] _of2M;
    private readonly uint[] _of1G;

    /// <summary>The large-page info of a new slot.</summary>
    /// <param name="slot">The slot: from 1 to 2^31 - 1 pages, within <see cref="MappingSpace.MaximumFrames"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The slot is none.</exception>
    public LargePageInfo(MappingSlot slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        if (slot.PageCount is 0 or > GuestMemory.MaximumSlotPages || slot.BaseGfn > MappingSpace.MaximumFrames - slot.PageCount)
            throw new ArgumentOutOfRangeException(nameof(slot), slot, $"A slot has from 1 to {GuestMemory.MaximumSlotPages} pages, within {MappingSpace.MaximumFrames} frames.");

        _slot = slot;
        _of2M = Entries(MappingLevel.Size2M);
        _of1G = Entries(MappingLevel.Size1G);
    }

    /// <summary>Whether nothing forbids a level at a frame. 4K is always allowed.</summary>
    /// <param name="level">4K, 2M or 1G.</param>
    /// <param name="gfn">A frame of the slot.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is none, or the frame is not the slot's.</exception>
    public bool IsAllowed(MappingLevel level, ulong gfn)
    {
        MappingLevels.Check(level);
        CheckFrame(gfn);
        return level == MappingLevel.Size4K || Entry(level, gfn) == 0;
    }

    /// <summary>The number of reasons against a level at a frame, without the mixed flag.</summary>
    /// <param name="level">2M or 1G.</param>
    /// <param name="gfn">A frame of the slot.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is neither, or the frame is not the slot's.</exception>
    public uint CountOf(MappingLevel level, ulong gfn)
    {
        CheckHuge(level);
        CheckFrame(gfn);
        return Entry(level, gfn) & ~MixedFlag;
    }

    /// <summary>Whether the range around a frame has mixed attributes.</summary>
    /// <param name="level">2M or 1G.</param>
    /// <param name="gfn">A frame of the slot.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is neither, or the frame is not the slot's.</exception>
    public bool IsMixed(MappingLevel level, ulong gfn)
    {
        CheckHuge(level);
        CheckFrame(gfn);
        return (Entry(level, gfn) & MixedFlag) != 0;
    }

    /// <summary>The largest level allowed at a frame, searched from the top; a forbidden 2M range below an allowed 1G one does not matter.</summary>
    /// <param name="gfn">A frame of the slot.</param>
    /// <param name="maximum">The level to begin with: 4K, 2M or 1G.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is none, or the frame is not the slot's.</exception>
    public MappingLevel MaximumAt(ulong gfn, MappingLevel maximum)
    {
        MappingLevels.Check(maximum);
        CheckFrame(gfn);
        MappingLevel level = maximum;
        while (level > MappingLevel.Size4K && Entry(level, gfn) != 0)
            level--;
        return level;
    }

    /// <summary>One reason more against every large page around a frame: its writes are tracked, as of a shadowed page table.</summary>
    /// <param name="gfn">A frame of the slot.</param>
    /// <exception cref="ArgumentOutOfRangeException">The frame is not the slot's.</exception>
    /// <exception cref="InvalidOperationException">A count is 2^31 - 1 already (KVM warns, and the mixed flag flips).</exception>
    public void AddWriteTracked(ulong gfn)
    {
        CheckFrame(gfn);
        if (CountOf(MappingLevel.Size2M, gfn) == ~MixedFlag || CountOf(MappingLevel.Size1G, gfn) == ~MixedFlag)
            throw new InvalidOperationException($"A large page around frame {gfn} has {~MixedFlag} reasons against it, and no room for another.");
        Entry(MappingLevel.Size2M, gfn)++;
        Entry(MappingLevel.Size1G, gfn)++;
    }

    /// <summary>Takes back what <see cref="AddWriteTracked"/> did.</summary>
    /// <param name="gfn">A frame of the slot.</param>
    /// <exception cref="ArgumentOutOfRangeException">The frame is not the slot's.</exception>
    /// <exception cref="InvalidOperationException">No frame of the 2M range is write-tracked.</exception>
    public void RemoveWriteTracked(ulong gfn)
    {
        CheckFrame(gfn);
        // The 1G range counts every frame that a 2M range of it counts, so the smaller one tells.
        if (CountOf(MappingLevel.Size2M, gfn) <= Initial(MappingLevel.Size2M, IndexOf(MappingLevel.Size2M, gfn)))
            throw new InvalidOperationException($"No frame of the 2M range of frame {gfn} is write-tracked.");
        Entry(MappingLevel.Size2M, gfn)--;
        Entry(MappingLevel.Size1G, gfn)--;
    }

    /// <summary>How many ranges of a level the slot touches.</summary>
    internal int CountOfRanges(MappingLevel level) => ArrayOf(level).Length;

    internal void SetMixed(MappingLevel level, ulong gfn, bool mixed)
    {
        ref uint entry = ref Entry(level, gfn);
        entry = mixed ? entry | MixedFlag : entry & ~MixedFlag;
    }

    private uint[] Entries(MappingLevel level)
    {
        uint[] entries = new uint[IndexOf(level, _slot.EndGfn - 1) + 1];
        for (int i = 0; i < entries.Length; i++)
            entries[i] = Initial(level, i);
        return entries;
    }

    private uint Initial(MappingLevel level, int index)
    {
        ulong mask = MappingLevels.Pages(level) - 1;
        bool headIsCut = index == 0 && (_slot.BaseGfn & mask) != 0;
        bool tailIsCut = index == IndexOf(level, _slot.EndGfn - 1) && (_slot.EndGfn & mask) != 0;
        bool isIncongruent = ((_slot.BaseGfn ^ (_slot.UserspaceAddress >> GuestPage.Shift)) & mask) != 0;
        return headIsCut || tailIsCut || isIncongruent ? 1u : 0;
    }

    private int IndexOf(MappingLevel level, ulong gfn)
    {
        int shift = MappingLevels.PageShift(level);
        return (int)((gfn >> shift) - (_slot.BaseGfn >> shift));
    }

    private uint[] ArrayOf(MappingLevel level) => level == MappingLevel.Size2M ? _of2M : _of1G;

    private ref uint Entry(MappingLevel level, ulong gfn) => ref ArrayOf(level)[IndexOf(level, gfn)];

    private void CheckFrame(ulong gfn)
    {
        if (!_slot.Contains(gfn))
            throw new ArgumentOutOfRangeException(nameof(gfn), gfn, $"The slot has frames {_slot.BaseGfn} to {_slot.EndGfn - 1}.");
    }

    private static void CheckHuge(MappingLevel level)
    {
        if (level is not (MappingLevel.Size2M or MappingLevel.Size1G))
            throw new ArgumentOutOfRangeException(nameof(level), level, "The level is 2M or 1G.");
    }
}
