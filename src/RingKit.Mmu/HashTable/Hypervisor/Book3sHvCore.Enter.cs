using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Hypercalls;
using RingKit.Mmu.HashTable.Slots;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>H_ENTER.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    private const ulong StrongAccessOrder = HpteR.WriteThrough | HpteR.CachingInhibited | HpteR.Coherent;
    private const ulong Present = HpteV.Valid | HpteV.Absent;

    /// <summary>
    /// Puts an entry in, where there is none. It is valid if the host's page is there, absent if it is not yet, and absent with the key 31 if no slot
    /// holds the guest's page.
    /// </summary>
    /// <param name="thread">The vCPU's thread.</param>
    /// <param name="flags"><see cref="HypercallFlags.Exact"/>, or 0 for any entry of the group.</param>
    /// <param name="index">The entry, or any of its group.</param>
    /// <param name="v">The first word; bits that are the hypervisor's are ignored.</param>
    /// <param name="r">The second word, with the guest's page number.</param>
    /// <returns>
    /// r4 is the entry's index. H_PARAMETER: no such page size; a page that the slot or the host cannot give in this size; caching that the
    /// host's page forbids; and, looked at after all these, no such index. H_PTEG_FULL: no free entry.
    /// </returns>
    internal HypercallResult Enter<TThread>(ref TThread thread, ulong flags, ulong index, ulong v, ulong r)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (HptePageSize.Decode(v, r) is not { } pageSize)
            return HypercallStatus.Parameter;

        ulong guestR = r & ~HpteR.Modified;
        var entry = new Hpte(v & ~(HpteV.HvLock | Present), guestR);
        ulong sequence = InvalidationSequence;                                        // E47: before the host's page
        ulong gfn = pageSize.Gfn(guestR, Options.PageShift);
        HashSlot<TOrdering>? slot = FindMemory(gfn);
        if (slot is null)
            entry = new Hpte(entry.V | HpteV.Absent, entry.R | HpteR.Key);
        else if (!TryMapHostPage(slot, gfn, pageSize, ref entry))
            return HypercallStatus.Parameter;

        if (!Table.IsEntry(index))
            return HypercallStatus.Parameter;
        if (!TryLockFree(ref thread, (flags & HypercallFlags.Exact) != 0, ref index))
            return HypercallStatus.PtegFull;

        StoreGuestR(index, guestR);
        if (slot is not null && entry.IsValid)
            entry = Link(ref thread, slot, gfn - slot.BaseGfn, pageSize, sequence, index, entry);
        Table.StoreR(index, entry);
        Table.Unlock(index, entry.V);
        return new HypercallResult(HypercallStatus.Success, index);
    }

    /// <summary>Adds an entry behind the last of its page's chain, as the generation does it. Under the rmap word's lock.</summary>
    /// <returns>The word to unlock with.</returns>
    internal ulong AddToChain(ulong word, uint index)
    {
        word = Chains.Add(word, index);
        return Options.Era == HashTableEra.FirstRelease || Has(HashTableDefects.AddWipesChanged)
            ? (word & (RmapFormat.Index | RmapFormat.Present | Format.Type)) | RmapFormat.Referenced
            : word;
    }

    /// <summary>R with R and C of an entry that is put in: those that both views have.</summary>
    /// <param name="r">R with the guest's view of them.</param>
    /// <param name="word">The page's rmap word.</param>
    internal static ulong WithBothViews(ulong r, ulong word) =>
        r & ((word >> RmapFormat.ReferencedChangedShift) | ~HpteR.ReferencedChanged);

    // From the guest's page to the host's: its address, whether it is there, and what it allows. False is H_PARAMETER.
    private bool TryMapHostPage(HashSlot<TOrdering> slot, ulong gfn, HptePageSize pageSize, ref Hpte entry)
    {
        ulong withinPage = pageSize.HostPages(Options.PageShift) - 1;
        if (((slot.BaseGfn | slot.PageCount) & withinPage) != 0 || Options.BackingShift < pageSize.ActualShift)
            return false;

        ulong offset = gfn - slot.BaseGfn;
        uint host = slot.Host[offset];
        bool present = (host & HostPages<TOrdering>.NotPresent) == 0;
        bool inhibited = present && (host & HostPages<TOrdering>.CachingInhibited) != 0;
        ulong r = entry.R & (HpteR.Key | HpteR.Pp0 | (pageSize.Bytes - 1));
        if (present)
        {
            // A small page of the guest in a large one of the host.
            ulong inside = entry.Rpn & ~(pageSize.Bytes - 1) & ((1UL << Options.PageShift) - 1);
            r |= slot.HostAddress + (offset << Options.PageShift) + inside;
            if ((host & HostPages<TOrdering>.ReadOnly) != 0 && entry.IsWritable)
                r = Hpte.MakeReadOnly(r);
        }
        else
        {
            // Key 31 says that there is no memory behind an absent entry.
            r &= ~HpteR.Key;
        }

        if (!AllowsCaching(r, inhibited))
        {
            if (inhibited)
                return false;
            r = (r & ~HpteR.Wimg) | HpteR.Coherent;
        }

        entry = new Hpte(entry.V | (present ? HpteV.Valid : HpteV.Absent), r);
        return true;
    }

    // Memory is coherent, with strong access ordering or without; a device's page is not cached.
    private static bool AllowsCaching(ulong r, bool inhibited) =>
        inhibited
            ? (r & (HpteR.WriteThrough | HpteR.CachingInhibited)) == HpteR.CachingInhibited
            : (r & HpteR.Wimg) is HpteR.Coherent or StrongAccessOrder;

    // The first pass takes what it gets at once. A free entry may have been locked at that moment, so the second waits for each.
    private bool TryLockFree<TThread>(ref TThread thread, bool exact, ref ulong index)
        where TThread : struct, IHostThread, allows ref struct
    {
        ulong first = exact ? index : index & ~(ulong)(HptGeometry.EntriesPerGroup - 1);
        ulong end = first + (exact ? 1 : (ulong)HptGeometry.EntriesPerGroup);
        for (index = first; index < end; index++)
        {
            if (Table.TryLock(index, HpteV.HvLock | Present))
                return true;
        }

        for (index = first; index < end; index++)
        {
            Hpte found = Table.Lock(index, ref thread);
            if (!found.IsPresent)
                return true;
            Table.Unlock(index, found.V);
        }

        return false;
    }

    // A locked entry, not in the table yet, into its page's chain. If the host has taken pages away meanwhile, it becomes absent instead.
    private Hpte Link<TThread>(
        ref TThread thread, HashSlot<TOrdering> slot, ulong offset, HptePageSize pageSize, ulong sequence, ulong index, Hpte entry)
        where TThread : struct, IHostThread, allows ref struct
    {
        ref ulong rmap = ref slot.RmapOf(offset);
        ulong word = Chains.Lock(ref rmap, ref thread);
        if (InvalidationSequence != sequence)                                         // E47
        {
            Chains.Unlock(ref rmap, word);
            return new Hpte((entry.V & ~HpteV.Valid) | HpteV.Absent, entry.R & ~HpteR.Key);
        }

        word = AddToChain(word, (uint)index);
        ulong r = InstallProtection(slot, offset, pageSize, WithBothViews(entry.R, word));
        Chains.Unlock(ref rmap, word);
        return entry with { R = r };
    }

    // The guest's own R by a hypercall that changes the entry: it counts as modified, whether the word is another one or not.
    private void StoreGuestR(ulong index, ulong r) => Chains.StoreGuestR(index, r | (NotesModifications ? HpteR.Modified : 0));
}
