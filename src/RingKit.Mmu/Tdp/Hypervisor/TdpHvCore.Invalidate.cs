using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;

namespace RingKit.Mmu.Tdp.Hypervisor;

/// <summary>What the host takes away or changes behind guest frames.</summary>
internal sealed partial class TdpHvCore<TOrdering>
{
    /// <summary>Begins an invalidation: from here to <see cref="EndInvalidation"/> faults in the range are taken again, and nothing of it is mapped.</summary>
    /// <param name="thread">This thread.</param>
    /// <param name="first">The first guest frame for which faults wait.</param>
    /// <param name="end">The frame behind the last.</param>
    /// <param name="zapFirst">The first frame that loses its mapping.</param>
    /// <param name="zapEnd">The frame behind the last.</param>
    /// <param name="isPrivate">Only private or only shared memory loses it; null for both.</param>
    public void BeginInvalidation<TThread>(ref TThread thread, ulong first, ulong end, ulong zapFirst, ulong zapEnd, bool? isPrivate = null)
        where TThread : struct, ITdpThread, allows ref struct
    {
        Lock.Enter(ref thread);
        Invalidations.Start(first, end);
        ulong zapped = Table.Zap(zapFirst, zapEnd, isPrivate, out ulong flushFirst, out ulong flushEnd);
        if (zapped != 0)
        {
            Counts.Zapped += zapped;
            Flush(ref thread, flushFirst, flushEnd);
        }

        Lock.Exit();
    }

    /// <inheritdoc cref="BeginInvalidation{TThread}(ref TThread, ulong, ulong, ulong, ulong, bool?)"/>
    public void BeginInvalidation<TThread>(ref TThread thread, ulong first, ulong end)
        where TThread : struct, ITdpThread, allows ref struct => BeginInvalidation(ref thread, first, end, first, end);

    /// <summary>Makes the change and ends the invalidation: faults that began before are taken again all the same.</summary>
    /// <param name="thread">This thread.</param>
    /// <param name="change">What changes behind the frames, or null.</param>
    public void EndInvalidation<TThread>(ref TThread thread, Action? change = null)
        where TThread : struct, ITdpThread, allows ref struct
    {
        Lock.Enter(ref thread);
        try
        {
            change?.Invoke();
        }
        finally
        {
            Invalidations.End();
            Lock.Exit();
        }
    }

    /// <summary>Makes guest frames private or shared: those of the other kind lose their mappings. Linux: <c>KVM_SET_MEMORY_ATTRIBUTES</c>.</summary>
    /// <inheritdoc cref="MappingSpace.SetMemoryAttributes"/>
    public Errno SetMemoryAttributes<TThread>(ref TThread thread, ulong address, ulong size, ulong attributes, ulong flags = 0)
        where TThread : struct, ITdpThread, allows ref struct
    {
        Errno error = Space.PrepareMemoryAttributes(address, size, attributes, flags, out AttributeChange change);
        if (error != Errno.None || !change.IsNeeded)
            return error;

        BeginInvalidation(ref thread, change.InvalidatedFirst, change.InvalidatedEnd, change.FirstGfn, change.EndGfn, isPrivate: !change.IsPrivate);
        EndInvalidation(ref thread, () => Space.CommitMemoryAttributes(change));
        return Errno.None;
    }

    /// <summary>Makes the host map a part of a slot by pages of a level, or by 4K where those are cut.</summary>
    /// <param name="thread">This thread.</param>
    /// <param name="slot">The slot.</param>
    /// <param name="offset">The first page, by its index in the slot.</param>
    /// <param name="pages">How many pages.</param>
    /// <param name="level">4K, 2M or 1G.</param>
    public void SetHostLevel<TThread>(ref TThread thread, TdpSlot<TOrdering> slot, ulong offset, ulong pages, MappingLevel level)
        where TThread : struct, ITdpThread, allows ref struct
    {
        ulong address = slot.Region.UserspaceAddress + (offset << GuestPage.Shift), size = pages << GuestPage.Shift;
        ulong before = CutBy(address >> GuestPage.Shift, MappingLevels.PageShift(Space.Host.LevelAt(address)));
        ulong behind = RestOf((address + size) >> GuestPage.Shift, MappingLevels.PageShift(Space.Host.LevelAt(address + size)));
        Invalidate(ref thread, slot, offset, pages, before, behind, () => MapHost(Space.Host, address, size, level));
    }

    /// <summary>Makes a part of a slot's guest_memfd file consist of pages of an order.</summary>
    /// <param name="thread">This thread.</param>
    /// <param name="slot">A slot with such a file.</param>
    /// <param name="offset">The first page, by its index in the slot.</param>
    /// <param name="pages">How many pages.</param>
    /// <param name="order">log2 of each page's 4K pages.</param>
    public void SetOrder<TThread>(ref TThread thread, TdpSlot<TOrdering> slot, ulong offset, ulong pages, int order)
        where TThread : struct, ITdpThread, allows ref struct
    {
        GuestMemfd file = slot.Gmem!;
        ulong first = (slot.Region.GmemOffset >> GuestPage.Shift) + offset, end = first + pages;
        file.CheckOrder(first, pages, order);
        ulong before = CutBy(first, file.OrderAt(first)), behind = end < file.PageCount ? RestOf(end, file.OrderAt(end)) : 0;
        Invalidate(ref thread, slot, offset, pages, before, behind, () => file.SetOrder(first, pages, order));
    }

    // How many pages of a large one are before its part that begins at a page, and from that page on if it does not begin there.
    private static ulong CutBy(ulong page, int order) => page & ((1UL << order) - 1);

    private static ulong RestOf(ulong page, int order) => (0 - page) & ((1UL << order) - 1);

    // Large pages behind the memory that the range cuts become small as a whole, so what they map goes with it.
    private void Invalidate<TThread>(
        ref TThread thread, TdpSlot<TOrdering> slot, ulong offset, ulong pages, ulong before, ulong behind, Action change)
        where TThread : struct, ITdpThread, allows ref struct
    {
        ulong first = offset - Math.Min(offset, before);
        ulong end = Math.Min(offset + pages + behind, slot.Memory.PageCount);
        BeginInvalidation(ref thread, slot.FirstGfn + first, slot.FirstGfn + end);
        EndInvalidation(ref thread, change);
    }
}
