using RingKit.Mmu.HashTable.Resizing;
using RingKit.Mmu.HashTable.Slots;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>The table as it was at the start: what happens when the guest reboots.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    /// <summary>KVM_PPC_ALLOCATE_HTAB: empties the table, or puts an empty one of another order in its place.</summary>
    /// <param name="thread">The thread that this runs on.</param>
    /// <param name="order">The table's order.</param>
    /// <param name="vcpusRun">Whether any vCPU is in the guest or on its way out of it. The caller keeps them out, and harvests, until this returns.</param>
    /// <returns>
    /// <see cref="Errno.Invalid"/>: the order is out of range; <see cref="Errno.Busy"/>: a vCPU runs; <see cref="Errno.NoMemory"/>: there is none for
    /// another table. Nothing is changed then.
    /// </returns>
    /// <remarks>
    /// R and C of the guest's pages are forgotten with the entries, those in the rmap words too. What the slots' bitmaps have recorded stays. The
    /// hypervisor's copies of the guest's R stay as well, in a table of the same order, as in KVM.
    /// </remarks>
    internal Errno AllocateTable<TThread>(ref TThread thread, int order, bool vcpusRun)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (order is < HptGeometry.MinimumOrder or > HptGeometry.MaximumOrder)
            return Errno.Invalid;
        if (vcpusRun)
            return Errno.Busy;

        lock (_resizeLock)
        {
            HptInfo<TOrdering>? next = null;
            if (order != Table.Geometry.Order && !TryMakeTable(order, out next))
                return Errno.NoMemory;

            MmuReady = false;
            try
            {
                Empty(ref thread);
                if (next is not null)
                    Use(next);
            }
            finally
            {
                CountMmioUpdate();
                MmuReady = true;
            }

            return Errno.None;
        }
    }

    private bool TryMakeTable(int order, out HptInfo<TOrdering>? table)
    {
        try
        {
            table = MakeTable(order);
            return true;
        }
        catch (OutOfMemoryException)
        {
            table = null;
            return false;
        }
    }

    // Entry by entry first, as pages may be taken away meanwhile: afterwards no chain leads to an entry, and nobody holds one.
    private void Empty<TThread>(ref TThread thread)
        where TThread : struct, IHostThread, allows ref struct
    {
        for (ulong index = 0; index < Table.Geometry.EntryCount; index++)
        {
            if ((Table.LoadState(index) & (HpteV.Valid | HpteV.Absent | HpteV.HvLock)) == 0)
                continue;

            Hpte entry = Table.Lock(index, ref thread);
            if (entry.IsValid)
            {
                Invalidate(ref thread, index, 0);
                Forget(ref thread, index, entry);
            }

            Table.Unlock(index, 0);
        }

        Table.Clear();
        foreach (HashSlot<TOrdering> slot in Slots)
        {
            for (ulong offset = 0; offset < slot.PageCount; offset++)
            {
                ref ulong rmap = ref slot.RmapOf(offset);
                Chains.Lock(ref rmap, ref thread);
                Chains.Unlock(ref rmap, 0);
            }
        }
    }

    // Out of its page's chain, with R and C told to nobody.
    private void Forget<TThread>(ref TThread thread, ulong index, Hpte entry)
        where TThread : struct, IHostThread, allows ref struct
    {
        ulong guestR = Chains.LoadGuestR(index);
        if (HptePageSize.Decode(entry.V, guestR)?.Gfn(guestR, Options.PageShift) is not { } gfn || FindSlot(gfn) is not { } slot)
            return;

        ref ulong rmap = ref slot.RmapOf(gfn - slot.BaseGfn);
        ulong word = Chains.Lock(ref rmap, ref thread);
        Chains.Unlock(ref rmap, Chains.Remove(word, (uint)index));
    }
}
