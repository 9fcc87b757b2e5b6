namespace RingKit.Mmu.Mapping;

/// <summary>The largest level at which a frame may be mapped, without a fault that brings its host frame: what recovery of large pages asks.</summary>
/// <remarks>
/// The lowest of independent limits: the machine's largest level, large-page info, and the one source of the memory, which is guest_memfd's
/// order or the host's mapping, never both. Linux: <c>kvm_mmu_max_mapping_level</c>; the forms are compared in docs/mapping.md.
/// Thread role: that of the <see cref="MappingSpace"/> (KVM: under mmu_lock).
/// </remarks>
public static class MaxMappingLevel
{
    /// <summary>The level that recovery may give to the mapping of a frame after logging has stopped.</summary>
    /// <param name="form">Whose rules.</param>
    /// <param name="space">The machine.</param>
    /// <param name="gfn">A frame of a slot.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No slot holds the frame, or there is no such form.</exception>
    public static RecoveryLevel ForRecovery(MappingForm form, MappingSpace space, ulong gfn)
    {
        ArgumentNullException.ThrowIfNull(space);
        CheckForm(form);
        MappingSpace.Entry entry = space.RequireEntry(gfn);
        MappingSlot slot = entry.Slot;
        if (slot.IsDirtyTracked)
            return new RecoveryLevel(MappingLevel.Size4K, MappingWarnings.DirtyTracked);

        MappingLevel level = entry.LargePages.MaximumAt(gfn, space.Options.LargestLevel);
        if (level == MappingLevel.Size4K)
            return new RecoveryLevel(level);

        bool isPrivate = space.Attributes.IsPrivate(gfn);
        bool isOfGmem = form == MappingForm.Posted ? slot.Gmem != null && (slot.IsGmemOnly || isPrivate) : isPrivate || slot.IsGmemOnly;
        if (!isOfGmem)
            return new RecoveryLevel(MappingLevels.Min(level, space.Host.LevelAt(slot.HostAddressOf(gfn))));
        if (form == MappingForm.Merged)
            return new RecoveryLevel(MappingLevel.Size4K, MappingWarnings.NoFrameWithoutFault);

        // Private, and no file to hold it: nothing can be mapped there, so there is nothing to make larger.
        if (slot.Gmem == null)
            return new RecoveryLevel(MappingLevel.Size4K);

        RecoveryLevel ofGmem = OfGuestMemfd(form, slot, gfn);
        level = MappingLevels.Min(level, ofGmem.Level);
        if (form == MappingForm.RingKit && isPrivate)
            level = Limited(level, space.Options.PrivateLimit);
        return ofGmem with { Level = level };
    }

    /// <summary>The level of guest_memfd's page. RingKit's form asks besides that frame and file page agree in their offset within the level.</summary>
    internal static RecoveryLevel OfGuestMemfd(MappingForm form, MappingSlot slot, ulong gfn)
    {
        ulong page = slot.GmemPageOf(gfn);
        int order = slot.Gmem!.OrderAt(page);
        MappingLevel level = MappingLevels.OfOrder(order);
        if (form == MappingForm.RingKit)
            level = WhereCongruent(level, gfn, page);
        return new RecoveryLevel(level, MappingLevels.IsOrderOfLevel(order) ? MappingWarnings.None : MappingWarnings.OrderOfNoLevel);
    }

    /// <summary>The largest level, up to one given, in which two frames have the same offset.</summary>
    internal static MappingLevel WhereCongruent(MappingLevel level, ulong gfn, ulong frame)
    {
        while (((gfn ^ frame) & (MappingLevels.Pages(level) - 1)) != 0)
            level--;
        return level;
    }

    /// <summary>A level under a limit, which may be none.</summary>
    internal static MappingLevel Limited(MappingLevel level, MappingLevel limit) =>
        limit == MappingLevel.None ? level : MappingLevels.Min(level, limit);

    internal static void CheckForm(MappingForm form)
    {
        if (form is < MappingForm.Posted or > MappingForm.RingKit)
            throw new ArgumentOutOfRangeException(nameof(form), form, "The form is as posted, as merged, or RingKit's.");
    }
}
