using System.Numerics;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Slots;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>The walk by the reverse map: each page's chain, under the lock of its rmap word.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    private const int GroupPages = 64;

    /// <summary>Visits the chains of all pages of a slot, and records the changed pages in the slot.</summary>
    /// <param name="thread">The calling thread.</param>
    /// <param name="slot">The slot.</param>
    /// <param name="rule">Which entries to take.</param>
    /// <param name="filtered">Whether pages without chain and record are passed over without locking their words.</param>
    /// <param name="tally">Counts.</param>
    private void Walk<TThread>(ref TThread thread, HashSlot<TOrdering> slot, EntryRule rule, bool filtered, ref HarvestTally tally)
        where TThread : struct, IHostThread, allows ref struct
    {
        ulong wanted = RmapFormat.Present | (KeepsChangedInRmap ? RmapFormat.Changed : 0);
        for (ulong first = 0; first < slot.PageCount; first += GroupPages)
        {
            int count = (int)Math.Min(GroupPages, slot.PageCount - first);
            ulong left = filtered ? slot.FindRmapWords(first, count, wanted) : ulong.MaxValue >> (GroupPages - count);
            ulong changed = 0;
            for (; left != 0; left &= left - 1)
            {
                ulong offset = first + (uint)BitOperations.TrailingZeroCount(left);
                ulong pages = TestAndClear(ref thread, slot, offset, rule, ref tally);
                if (pages == 1)
                    changed |= left & (0 - left);
                else if (pages != 0)
                    slot.Changed.Mark(offset, pages);
            }

            if (changed != 0)
                slot.Changed.MarkWord(first / GroupPages, changed);
        }

        if (filtered)
            EndScan(slot.PageCount * sizeof(ulong), ref tally);
    }

    /// <summary>Takes C of a page: of its entries, and where the rmap word keeps it, of entries that are gone.</summary>
    /// <returns>How many pages were changed, this one being the first: those of the largest changed page in the chain; 0 if none was.</returns>
    private ulong TestAndClear<TThread>(ref TThread thread, HashSlot<TOrdering> slot, ulong offset, EntryRule rule, ref HarvestTally tally)
        where TThread : struct, IHostThread, allows ref struct
    {
        ref ulong rmap = ref slot.RmapOf(offset);
        ulong pages = 0;
        while (!TryWalkChain(ref thread, ref rmap, rule, ref pages, ref tally, out ulong busy))
        {
            // Whoever has the entry may want the rmap word: it is free while this thread waits. Then all over again, since the chain may be
            // another one. The entries that are done have no C any more.
            tally.Retries++;
            Table.AwaitUnlock(busy, ref thread);
        }

        return pages;
    }

    private bool TryWalkChain<TThread>(ref TThread thread, ref ulong rmap, EntryRule rule, ref ulong pages, ref HarvestTally tally, out ulong busy)
        where TThread : struct, IHostThread, allows ref struct
    {
        busy = 0;
        tally.RmapWords++;
        ulong word = Chains.Lock(ref rmap, ref thread);
        if (KeepsChangedInRmap && rule != EntryRule.Writable)
        {
            pages = Math.Max(pages, PagesOfRecord(word));
            word = RmapFormat.WithoutChanged(word);
        }

        if ((word & RmapFormat.Present) != 0)
        {
            uint head = (uint)(word & RmapFormat.Index);
            uint index = head;
            do
            {
                tally.Entries++;
                if (IsPassedOver(index, rule))
                    continue;

                if (!Table.TryLock(index))
                {
                    Chains.Unlock(ref rmap, word);
                    busy = index;
                    return false;
                }

                pages = Math.Max(pages, HarvestLocked(ref thread, index, rule, ref tally));
            }
            while ((index = Chains.Next(index)) != head);
        }

        Chains.Unlock(ref rmap, word);
        return true;
    }

    // Without the entry's lock. To look for C, R alone will do: who takes C under the lock records it, in time for this harvest or the next one.
    // But an entry may be on its way to being writable while its R says the contrary.
    private bool IsPassedOver(uint index, EntryRule rule) =>
        (rule != EntryRule.Writable || (Table.LoadState(index) & HpteV.HvLock) == 0) && !rule.Wants(Table.LoadR(index));

    /// <summary>Takes C of an entry, if the rule wants it, and unlocks the entry.</summary>
    /// <returns>How many pages it maps, 0 if it was not changed.</returns>
    private ulong HarvestLocked<TThread>(ref TThread thread, ulong index, EntryRule rule, ref HarvestTally tally)
        where TThread : struct, IHostThread, allows ref struct
    {
        Hpte entry = Table.Load(index);
        if (!entry.IsValid || !rule.Wants(entry.R))
        {
            if (entry.IsValid || !Has(HashTableDefects.WalkKeepsLock))
                Table.Unlock(index, entry.V);
            return 0;
        }

        MakeAbsent(index, entry);
        Span<ulong> indices = [index];
        TlbieForHarvest(ref thread, indices, ref tally);
        ulong pages = TakeChanged(index, rule, ref tally, out _, out ulong v);
        Table.Unlock(index, v);
        return pages;
    }

    /// <summary>
    /// Takes an entry from the processors. It is absent meanwhile, not nothing: a vCPU that misses waits for the lock and tries again, where
    /// otherwise the guest would be told of a fault that is none.
    /// </summary>
    private void MakeAbsent(ulong index, Hpte entry) => Table.StoreV(index, (entry.V & ~HpteV.Valid) | HpteV.Absent);

    private void TlbieForHarvest<TThread>(ref TThread thread, scoped ReadOnlySpan<ulong> indices, ref HarvestTally tally)
        where TThread : struct, IHostThread, allows ref struct
    {
        tally.Tlbies += (uint)indices.Length;
        tally.TlbieBatches++;
        if (!Has(HashTableDefects.HarvestWithoutTlbie))
            thread.Tlbie(indices);
    }

    /// <summary>After the tlbie: moves C of an absent entry to the guest's view, and makes it read-only if the rule is that.</summary>
    /// <param name="index">The entry.</param>
    /// <param name="rule">Why it was taken.</param>
    /// <param name="tally">Counts.</param>
    /// <param name="gfn">The first page that it maps.</param>
    /// <param name="v">V to unlock it with: valid again.</param>
    /// <returns>How many pages it maps, 0 if it was not changed.</returns>
    private ulong TakeChanged(ulong index, EntryRule rule, ref HarvestTally tally, out ulong gfn, out ulong v)
    {
        Hpte entry = Table.Load(index);                                               // E45: R and C are complete
        v = (entry.V & ~HpteV.Absent) | HpteV.Valid;
        ulong r = rule == EntryRule.Writable ? Hpte.MakeReadOnly(entry.R) : entry.R;
        ulong guestR = Chains.LoadGuestR(index);
        HptePageSize size = HptePageSize.Decode(v, guestR) ?? HptePageSize.Small;
        gfn = size.Gfn(guestR, Options.PageShift);
        ulong pages = 0;
        if (entry.IsChanged)
        {
            tally.Changed++;
            StoreGuestView(index, guestR, guestR | HpteR.Changed);
            pages = Options.HarvestsThoroughly && !Has(HashTableDefects.LargePageCountsOnce) ? size.HostPages(Options.PageShift) : 1;
        }

        if (r != entry.R || entry.IsChanged)
            Table.StoreR(index, new Hpte(v, r & ~HpteR.Changed));
        return pages;
    }

    private bool KeepsChangedInRmap => Options.Era != HashTableEra.Current;

    /// <summary>How many pages an rmap word's record of entries that are gone says were changed.</summary>
    private ulong PagesOfRecord(ulong word)
    {
        if ((word & RmapFormat.Changed) == 0)
            return 0;
        int shift = Format.KeepsOrder ? RmapFormat.ChangedShift(word) : 0;
        return shift <= Options.PageShift ? 1 : 1UL << (shift - Options.PageShift);
    }
}
