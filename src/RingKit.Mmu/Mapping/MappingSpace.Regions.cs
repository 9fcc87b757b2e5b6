using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Mapping;

public sealed partial class MappingSpace
{
    /// <summary>Makes, moves, changes or deletes a slot. Linux: <c>KVM_SET_USER_MEMORY_REGION2</c>.</summary>
    /// <param name="region">What is asked for.</param>
    /// <returns>
    /// <see cref="Errno.Invalid"/> for a bad flag, address, size or id; for logging or read-only with guest_memfd (logging is allowed under
    /// <see cref="MappingOptions.LogsGuestMemfd"/>); for a slot to delete that is not there; for another size, host address or
    /// <c>READONLY</c> of a slot that exists; for any change of a slot of guest_memfd; for a file of another machine, too short, or bound there
    /// already. <see cref="Errno.Exists"/> if the frames are another slot's.
    /// </returns>
    public Errno SetUserMemoryRegion(in UserMemoryRegion region)
    {
        if ((region.Flags & ~AllowedFlags(region.Flags)) != MappingSlotTraits.None || !HasGoodAddresses(region))
            return Errno.Invalid;

        uint id = region.Id;
        int index = _entries.FindIndex(entry => entry.Slot.Id == id);
        if (region.MemorySize == 0)
            return Delete(index);

        bool hasGmem = region.Flags.HasFlag(MappingSlotTraits.GuestMemfd);
        var wanted = new MappingSlot(
            region.Id,
            region.GuestPhysicalAddress >> GuestPage.Shift,
            region.MemorySize >> GuestPage.Shift,
            region.UserspaceAddress,
            region.Flags,
            hasGmem ? region.Gmem : null,
            hasGmem ? region.GmemOffset : 0);
        return index < 0 ? Create(wanted) : Change(index, wanted);
    }

    private MappingSlotTraits AllowedFlags(MappingSlotTraits flags)
    {
        if (!flags.HasFlag(MappingSlotTraits.GuestMemfd))
            return MappingSlotTraits.LogDirtyPages | MappingSlotTraits.ReadOnly;
        return MappingSlotTraits.GuestMemfd | (Options.LogsGuestMemfd ? MappingSlotTraits.LogDirtyPages : MappingSlotTraits.None);
    }

    private static bool HasGoodAddresses(in UserMemoryRegion region)
    {
        ulong size = region.MemorySize;
        ulong offset = region.Flags.HasFlag(MappingSlotTraits.GuestMemfd) ? region.GmemOffset : 0;
        bool isAligned = ((size | region.GuestPhysicalAddress | region.UserspaceAddress | offset) & GuestPage.OffsetMask) == 0;
        return isAligned
            && region.Id < MaximumSlots
            && size >> GuestPage.Shift <= GuestMemory.MaximumSlotPages
            && region.UserspaceAddress <= HostMapping.AddressEnd - size
            && region.GuestPhysicalAddress <= (MaximumFrames << GuestPage.Shift) - size
            && offset + size >= offset;
    }

    private Errno Delete(int index)
    {
        if (index < 0)
            return Errno.Invalid;
        MappingSlot slot = _entries[index].Slot;
        slot.Gmem?.Unbind(slot.Id);
        _entries.RemoveAt(index);
        return Errno.None;
    }

    private Errno Create(MappingSlot slot)
    {
        if (Overlaps(slot))
            return Errno.Exists;
        if (slot.Flags.HasFlag(MappingSlotTraits.GuestMemfd))
        {
            Errno error = slot.Gmem?.CheckBinding(this, slot.GmemOffset, slot.PageCount << GuestPage.Shift) ?? Errno.Invalid;
            if (error != Errno.None)
                return error;
        }

        Insert(NewEntry(slot));
        slot.Gmem?.Bind(slot);
        return Errno.None;
    }

    private Errno Change(int index, MappingSlot wanted)
    {
        Entry old = _entries[index];
        if ((wanted.Flags | old.Slot.Flags).HasFlag(MappingSlotTraits.GuestMemfd))
            return ChangeGmemLogging(index, wanted);
        if (wanted.PageCount != old.Slot.PageCount
            || wanted.UserspaceAddress != old.Slot.UserspaceAddress
            || (wanted.Flags ^ old.Slot.Flags).HasFlag(MappingSlotTraits.ReadOnly))
        {
            return Errno.Invalid;
        }

        if (wanted.BaseGfn == old.Slot.BaseGfn)
        {
            _entries[index] = old with { Slot = wanted };
            return Errno.None;
        }

        if (Overlaps(wanted))
            return Errno.Exists;
        Entry moved = NewEntry(wanted);
        _entries.RemoveAt(index);
        Insert(moved);
        return Errno.None;
    }

    /// <summary>RingKit's extension: the flag that logs dirty pages is the one thing of a slot of guest_memfd that may change.</summary>
    private Errno ChangeGmemLogging(int index, MappingSlot wanted)
    {
        Entry old = _entries[index];
        MappingSlotTraits changed = old.Slot.Flags ^ wanted.Flags;
        if (!Options.LogsGuestMemfd || (changed & ~MappingSlotTraits.LogDirtyPages) != MappingSlotTraits.None || wanted != old.Slot with { Flags = wanted.Flags })
            return Errno.Invalid;
        _entries[index] = old with { Slot = wanted };
        return Errno.None;
    }

    private Entry NewEntry(MappingSlot slot)
    {
        var largePages = new LargePageInfo(slot);
        MixedTracking.Initialize(largePages, slot, Attributes);
        return new Entry(slot, largePages);
    }

    private bool Overlaps(MappingSlot slot) => _entries.Exists(
        other => other.Slot.Id != slot.Id && slot.BaseGfn < other.Slot.EndGfn && other.Slot.BaseGfn < slot.EndGfn);

    private void Insert(Entry entry)
    {
        int index = _entries.FindIndex(other => other.Slot.BaseGfn > entry.Slot.BaseGfn);
        _entries.Insert(index < 0 ? _entries.Count : index, entry);
    }
}
