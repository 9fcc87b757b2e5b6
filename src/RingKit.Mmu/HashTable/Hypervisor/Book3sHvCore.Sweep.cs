using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Sweeps;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>The sweep: one pass over the table in its own order, which looks at no chain.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    /// <summary>Visits all entries of the table, and records changed pages in every slot that logs. Entries of other slots keep C.</summary>
    [SkipLocalsInit]
    private void Sweep<TThread>(ref TThread thread, EntryRule rule, ref HarvestTally tally)
        where TThread : struct, IHostThread, allows ref struct
    {
        PairFilter filter = FilterOf(rule);
        HashSlot<TOrdering> last = Slots[0];
        Span<ulong> found = stackalloc ulong[HarvestCosts.SweepBatch];
        for (ulong cursor = 0; cursor < Table.Geometry.EntryCount;)
        {
            // What is locked for the tlbie is kept in the same room, in front of what is still to be looked at.
            int count = Table.Find(filter, found, ref cursor);
            int locked = 0;
            for (int i = 0; i < count; i++)
            {
                ulong index = found[i];
                tally.Entries++;
                if (!MayBeWanted(index, rule, ref last))
                    continue;

                if (!Table.TryLock(index))
                {
                    if (Has(HashTableDefects.SweepSkipsLocked))
                        continue;

                    // The holder may want one that is locked here: wait with empty hands.
                    tally.Retries++;
                    Flush(ref thread, found[..locked], rule, ref last, ref tally);
                    locked = 0;
                    Table.Lock(index, ref thread);
                }

                if (TakeForHarvest(index, rule, ref last))
                    found[locked++] = index;
            }

            Flush(ref thread, found[..locked], rule, ref last, ref tally);
        }

        EndScan(Table.Geometry.EntryCount * WordPair.SizeInBytes, ref tally);
        if (KeepsChangedInRmap)
            SweepRmap(ref thread, ref tally);
    }

    // A filter asks for bits that are set. That a page can be written it cannot ask: then every valid entry is looked at.
    private PairFilter FilterOf(EntryRule rule) => PairFilter.ForBigEndian(
        Has(HashTableDefects.SweepIgnoresValid) ? 0 : HpteV.Valid,
        rule == EntryRule.Changed ? HpteR.Changed : 0,
        Has(HashTableDefects.SweepSkipsLocked) ? 0 : HpteV.HvLock);

    /// <summary>
    /// Looks at an entry without its lock. An entry that is locked may be anything when it is unlocked. One that is not, and is none of those
    /// wanted, can become one by what happens from now on alone.
    /// </summary>
    private bool MayBeWanted(ulong index, EntryRule rule, ref HashSlot<TOrdering> last)
    {
        Hpte seen = Table.Load(index);
        return seen.IsLocked || IsWanted(index, seen, rule, ref last);
    }

    private bool IsWanted(ulong index, Hpte entry, EntryRule rule, ref HashSlot<TOrdering> last) =>
        (entry.IsValid || Has(HashTableDefects.SweepIgnoresValid))
        && rule.Wants(entry.R)
        && FindSlot(GfnOf(index, entry.V), ref last)
        && (last.Logs || Has(HashTableDefects.SweepTakesEverySlot));

    /// <summary>Makes a locked entry absent if it is wanted, and unlocks it if not.</summary>
    private bool TakeForHarvest(ulong index, EntryRule rule, ref HashSlot<TOrdering> last)
    {
        Hpte entry = Table.Load(index);
        if (IsWanted(index, entry, rule, ref last))
        {
            if (entry.IsValid)
            {
                MakeAbsent(index, entry);
                return true;
            }

            last.Changed.Mark(GfnOf(index, entry.V) - last.BaseGfn, 1);                // SweepIgnoresValid
        }

        Table.Unlock(index, entry.V);
        return false;
    }

    /// <summary>One tlbie for all entries that are locked and absent; then takes their C and unlocks them.</summary>
    private void Flush<TThread>(
        ref TThread thread, scoped ReadOnlySpan<ulong> indices, EntryRule rule, ref HashSlot<TOrdering> last, ref HarvestTally tally)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (indices.IsEmpty)
            return;

        TlbieForHarvest(ref thread, indices, ref tally);
        foreach (ulong index in indices)
        {
            // The record comes before the unlock, so that an entry which is seen unlocked and clean has its record in the slot.
            ulong pages = TakeChanged(index, rule, ref tally, out ulong gfn, out ulong v);
            if (pages != 0 && FindSlot(gfn, ref last))
                last.Changed.Mark(gfn - last.BaseGfn, pages);
            Table.Unlock(index, v);
        }
    }

    /// <summary>Takes C of entries that are gone, where rmap words keep it, of every slot that logs.</summary>
    private void SweepRmap<TThread>(ref TThread thread, ref HarvestTally tally)
        where TThread : struct, IHostThread, allows ref struct
    {
        foreach (HashSlot<TOrdering> slot in Slots)
        {
            if (!slot.Logs && !Has(HashTableDefects.SweepTakesEverySlot))
                continue;

            for (ulong first = 0; first < slot.PageCount; first += GroupPages)
            {
                int count = (int)Math.Min(GroupPages, slot.PageCount - first);
                ulong left = slot.FindRmapWords(first, count, RmapFormat.Changed);
                for (; left != 0; left &= left - 1)
                {
                    ulong offset = first + (uint)BitOperations.TrailingZeroCount(left);
                    ref ulong rmap = ref slot.RmapOf(offset);
                    tally.RmapWords++;
                    ulong word = Chains.Lock(ref rmap, ref thread);
                    slot.Changed.Mark(offset, PagesOfRecord(word));
                    Chains.Unlock(ref rmap, RmapFormat.WithoutChanged(word));
                }
            }

            EndScan(slot.PageCount * sizeof(ulong), ref tally);
        }
    }

    /// <summary>
    /// After a pass of vectors: what they saw of removed entries and their pages was stored behind the record of C, and the record is taken after
    /// this, so it is seen.
    /// </summary>
    private static void EndScan(ulong bytes, ref HarvestTally tally)
    {
        tally.BytesScanned += bytes;
        TOrdering.FullFence();                                                        // E60
    }

    // From the guest's R alone: the table's has the host's address.
    private ulong GfnOf(ulong index, ulong v)
    {
        ulong guestR = Chains.LoadGuestR(index);
        return (HptePageSize.Decode(v, guestR) ?? HptePageSize.Small).Gfn(guestR, Options.PageShift);
    }

    private bool FindSlot(ulong gfn, ref HashSlot<TOrdering> last)
    {
        if (last.Holds(gfn))
            return true;
        if (FindSlot(gfn) is not { } slot)
            return false;
        last = slot;
        return true;
    }
}
