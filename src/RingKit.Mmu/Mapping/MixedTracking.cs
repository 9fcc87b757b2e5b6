namespace RingKit.Mmu.Mapping;

/// <summary>Keeps the mixed flags of a slot's large pages: set where the frames of one differ in their attributes.</summary>
/// <remarks>
/// Only large pages that the slot holds whole are tracked; the others are forbidden anyway. 2M comes before 1G, which reads the flags of its
/// 2M parts and the first frame of each. Linux: <c>kvm_arch_post_set_memory_attributes</c>.
/// </remarks>
internal static class MixedTracking
{
    private static readonly MappingLevel[] SmallerFirst = [MappingLevel.Size2M, MappingLevel.Size1G];

    /// <summary>The flags of a slot that was just made: its frames may have had attributes before.</summary>
    public static void Initialize(LargePageInfo info, MappingSlot slot, MemoryAttributes attributes)
    {
        if (attributes.AreAllShared)
            return;
        foreach (MappingLevel level in SmallerFirst)
        {
            ulong pages = MappingLevels.Pages(level);
            ulong first = (slot.BaseGfn + pages - 1) & ~(pages - 1);
            for (; slot.Contains(first, first + pages); first += pages)
                info.SetMixed(level, first, !IsUniform(info, attributes, level, first, attributes.IsPrivate(first)));
        }
    }

    /// <summary>The flags after frames were all given the same attribute.</summary>
    public static void Update(LargePageInfo info, MappingSlot slot, MemoryAttributes attributes, in AttributeChange change, MappingDefects defects)
    {
        ulong first = Math.Max(change.FirstGfn, slot.BaseGfn);
        ulong end = Math.Min(change.EndGfn, slot.EndGfn);
        if (first >= end)
            return;

        bool looksBeyond = (defects & MappingDefects.ChecksBeyondSlot) != MappingDefects.None;
        foreach (MappingLevel level in SmallerFirst)
        {
            ulong pages = MappingLevels.Pages(level);
            for (ulong start = first & ~(pages - 1); start < end; start += pages)
            {
                // A large page that the change covers is uniform without a look; one that it cuts, at the head or the tail, is looked at.
                if (start >= first && start + pages <= end)
                    info.SetMixed(level, start, mixed: false);
                else if (slot.Contains(start, start + pages) || (looksBeyond && start <= first && start >= slot.BaseGfn))
                    info.SetMixed(level, start, !IsUniform(info, attributes, level, start, change.IsPrivate));
            }
        }
    }

    /// <summary>Widens a range by the large pages that it cuts and that a fault could still map meanwhile.</summary>
    public static void Widen(LargePageInfo info, MappingSlot slot, ref AttributeChange change)
    {
        ulong first = Math.Max(change.FirstGfn, slot.BaseGfn);
        ulong end = Math.Min(change.EndGfn, slot.EndGfn);
        if (first >= end)
            return;

        foreach (MappingLevel level in SmallerFirst)
        {
            ulong pages = MappingLevels.Pages(level);
            ulong head = first & ~(pages - 1);
            ulong tail = (end - 1) & ~(pages - 1);
            if (head < first && slot.Contains(head, head + pages) && !info.IsMixed(level, head))
                change = change with { InvalidatedFirst = Math.Min(change.InvalidatedFirst, head) };
            if (tail + pages > end && slot.Contains(tail, tail + pages) && !info.IsMixed(level, tail))
                change = change with { InvalidatedEnd = Math.Max(change.InvalidatedEnd, tail + pages) };
        }
    }

    private static bool IsUniform(LargePageInfo info, MemoryAttributes attributes, MappingLevel level, ulong first, bool isPrivate)
    {
        if (level == MappingLevel.Size2M)
            return attributes.AreUniform(first, first + MappingLevels.Pages(level), isPrivate);

        ulong part = MappingLevels.Pages(MappingLevel.Size2M);
        for (ulong gfn = first; gfn < first + MappingLevels.Pages(level); gfn += part)
        {
            if (info.IsMixed(MappingLevel.Size2M, gfn) || attributes.IsPrivate(gfn) != isPrivate)
                return false;
        }

        return true;
    }
}
