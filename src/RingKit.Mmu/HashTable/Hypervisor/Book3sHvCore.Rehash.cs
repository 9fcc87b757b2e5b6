using RingKit.Mmu.HashTable.Resizing;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>From one table to another: what a resize does with each entry.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    private Errno Rehash<TThread>(ref TThread thread, HptInfo<TOrdering> next)
        where TThread : struct, IHostThread, allows ref struct
    {
        for (ulong index = 0; index < Table.Geometry.EntryCount; index++)
        {
            // Nobody can put an entry in, so one that is not there now does not come.
            if ((Table.LoadState(index) & (HpteV.Valid | HpteV.Absent)) == 0)
                continue;

            Hpte entry = Table.Lock(index, ref thread);
            Errno error = entry.IsPresent ? Rehash(ref thread, next, index, ref entry) : Errno.None;
            Table.Unlock(index, entry.V);
            if (error != Errno.None)
                return error;
        }

        return Errno.None;
    }

    private Errno Rehash<TThread>(ref TThread thread, HptInfo<TOrdering> next, ulong index, ref Hpte entry)
        where TThread : struct, IHostThread, allows ref struct
    {
        // KVM copies the guest's R from before the entry is unmapped: R and C that come to light now are in the host's view alone.
        ulong guestR = Chains.LoadGuestR(index);
        if (HptePageSize.Decode(entry.V, guestR) is not { } size)
            return Errno.InputOutput;
        if (entry.IsValid)
            UnmapForResize(ref thread, index, size.Gfn(guestR, Options.PageShift), ref entry);
        if (!entry.IsBolted)
            return Errno.None;
        if (entry.PageSize is not { } placed)
            return Errno.InputOutput;

        Hpte hashed = Table.IsIsa30 && Has(HashTableDefects.RehashIgnoresFormat) ? entry with { V = entry.V & ~HpteV.SegmentSize } : entry;
        ulong hash = HptGeometry.HashOf(hashed, placed, index / HptGeometry.EntriesPerGroup);
        ulong target = next.Table.Geometry.Group(hash, entry.IsSecondary) * HptGeometry.EntriesPerGroup;
        target += index % HptGeometry.EntriesPerGroup;

        // Only bolted entries come here, so one that is in the way is bolted too.
        if ((next.Table.LoadState(target) & HpteV.Absent) != 0)
            return Errno.NoSpace;
        next.Chains.StoreGuestR(target, guestR);
        next.Table.StoreR(target, entry);
        next.Table.Unlock(target, entry.V);
        return Errno.None;
    }

    private void UnmapForResize<TThread>(ref TThread thread, ulong index, ulong gfn, ref Hpte entry)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (FindSlot(gfn) is not { } slot)
        {
            ulong v = (entry.V & ~HpteV.Valid) | HpteV.Absent;
            entry = new Hpte(v, Invalidate(ref thread, index, v));
            return;
        }

        ref ulong rmap = ref slot.RmapOf(gfn - slot.BaseGfn);
        ulong word = Chains.Lock(ref rmap, ref thread);
        word = Unmap(ref thread, slot, gfn - slot.BaseGfn, word, index, ref entry);
        Chains.Unlock(ref rmap, word);
    }
}
