namespace RingKit.Mmu.Mapping;

/// <summary>Chooses the level of a fault's mapping.</summary>
/// <remarks>
/// Linux: the levels out of <c>kvm_mmu_faultin_pfn</c> and <c>kvm_mmu_hugepage_adjust</c>; the forms are compared in docs/mapping.md.
/// Thread role: that of the <see cref="MappingSpace"/> (KVM: under mmu_lock, after no invalidation was found to be under way).
/// </remarks>
public static class FaultAdjustment
{
    /// <summary>The level, and the first frames, of the mapping that answers a fault.</summary>
    /// <param name="form">Whose rules.</param>
    /// <param name="space">The machine.</param>
    /// <param name="fault">The access.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No slot holds the frame, or there is no such form or level.</exception>
    public static AdjustedFault Adjust(MappingForm form, MappingSpace space, in MappingFault fault)
    {
        ArgumentNullException.ThrowIfNull(space);
        MaxMappingLevel.CheckForm(form);
        MappingLevels.Check(fault.MaximumLevel, nameof(fault));
        MappingSpace.Entry entry = space.RequireEntry(fault.Gfn);
        MappingSlot slot = entry.Slot;
        if (IsMemoryFault(form, space, slot, fault))
            return new AdjustedFault(IsMemoryFault: true, MappingLevel.None, MappingLevel.None, fault.Gfn, fault.Pfn);

        bool isOfGmem = fault.IsPrivate || slot.IsGmemOnly;
        MappingLevel maximum = fault.MaximumLevel;
        MappingWarnings warnings = MappingWarnings.None;
        if (isOfGmem)
        {
            RecoveryLevel ofGmem = MaxMappingLevel.OfGuestMemfd(form, slot, fault.Gfn);
            warnings = ofGmem.Warnings;
            maximum = MappingLevels.Min(maximum, ofGmem.Level);
            if (fault.IsPrivate)
                maximum = MaxMappingLevel.Limited(maximum, space.Options.PrivateLimit);
        }

        var small = new AdjustedFault(IsMemoryFault: false, MappingLevel.Size4K, MappingLevel.Size4K, fault.Gfn, fault.Pfn, warnings);
        if (maximum == MappingLevel.Size4K || fault.Pfn == MappingFault.NoFrame || slot.IsDirtyTracked)
            return small;

        bool isHugeDisallowed = fault.IsExecute && space.Options.NxHugePages;
        MappingLevel requested = entry.LargePages.MaximumAt(fault.Gfn, MappingLevels.Min(maximum, space.Options.LargestLevel));

        // As posted, the workaround returns before the host is asked, so that the level accounted for is too high.
        if (!isOfGmem && !(form == MappingForm.Posted && isHugeDisallowed))
            requested = MappingLevels.Min(requested, space.Host.LevelAt(slot.HostAddressOf(fault.Gfn)));
        if (form == MappingForm.RingKit)
            requested = MaxMappingLevel.WhereCongruent(requested, fault.Gfn, fault.Pfn);
        if (requested == MappingLevel.Size4K || isHugeDisallowed)
            return small with { RequestedLevel = requested };

        ulong mask = MappingLevels.Pages(requested) - 1;
        if (((fault.Gfn ^ fault.Pfn) & mask) != 0)
            warnings |= MappingWarnings.Misplaced;
        return new AdjustedFault(IsMemoryFault: false, requested, requested, fault.Gfn & ~mask, fault.Pfn & ~mask, warnings);
    }

    /// <summary>Whether the access does not fit. As posted, no frame of a slot that is all in guest_memfd counts as private.</summary>
    private static bool IsMemoryFault(MappingForm form, MappingSpace space, MappingSlot slot, in MappingFault fault)
    {
        bool isPrivate = space.Attributes.IsPrivate(fault.Gfn) && !(form == MappingForm.Posted && slot.IsGmemOnly);
        return fault.IsPrivate != isPrivate || (fault.IsPrivate && slot.Gmem == null);
    }
}
