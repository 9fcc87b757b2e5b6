using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Slots;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>The host takes pages away, gives them back, or shares them; entries that map them become absent.</summary>
/// <remarks>
/// The host's pages are of 2^<see cref="HashTableOptions.BackingShift"/> bytes: of each, all or nothing is there, so that no entry maps part of one.
/// Frames outside the slots are passed over. Source: KVM's <c>kvm_unmap_rmapp</c>.
/// </remarks>
internal sealed partial class Book3sHvCore<TOrdering>
{
    /// <summary>Takes host pages away, as when the host is short of memory.</summary>
    /// <param name="thread">Any thread that holds no lock of an entry.</param>
    /// <param name="gfn">The first frame.</param>
    /// <param name="count">How many.</param>
    /// <returns>How many entries were valid and are absent.</returns>
    internal ulong PageOut<TThread>(ref TThread thread, ulong gfn, ulong count = 1)
        where TThread : struct, IHostThread, allows ref struct =>
        Withdraw(ref thread, gfn, count, HostPages<TOrdering>.NotPresent);

    /// <summary>Lets the host share pages with others (KSM): nobody writes them until a store faults and gets pages of its own.</summary>
    /// <inheritdoc cref="PageOut"/>
    internal ulong Share<TThread>(ref TThread thread, ulong gfn, ulong count = 1)
        where TThread : struct, IHostThread, allows ref struct =>
        Withdraw(ref thread, gfn, count, HostPages<TOrdering>.ReadOnly);

    /// <summary>Gives host pages back before the guest asks for them. Entries come with the guest's faults.</summary>
    /// <param name="thread">Any thread.</param>
    /// <param name="gfn">The first frame.</param>
    /// <param name="count">How many.</param>
    internal void PageIn<TThread>(ref TThread thread, ulong gfn, ulong count = 1)
        where TThread : struct, IHostThread, allows ref struct
    {
        foreach (HashSlot<TOrdering> slot in Slots)
        {
            (ulong first, ulong pages) = HostRange(slot, gfn, count);
            slot.Host.Change(ref thread, first, pages, set: 0, clear: HostPages<TOrdering>.NotPresent);
        }
    }

    /// <summary>The host's page behind an access, brought in if it is out, and made the guest's own for a store.</summary>
    /// <returns>The page's state. It may change at once; then <see cref="InvalidationSequence"/> does too.</returns>
    internal uint BringIn<TThread>(ref TThread thread, HashSlot<TOrdering> slot, ulong offset, bool isStore)
        where TThread : struct, IHostThread, allows ref struct
    {
        uint state = slot.Host[offset];                                               // E47
        uint clear = HostPages<TOrdering>.NotPresent | (isStore ? HostPages<TOrdering>.ReadOnly : 0);
        if ((state & clear) == 0)
            return state;

        (ulong first, ulong pages) = HostRange(slot, slot.BaseGfn + offset, 1);
        slot.Host.Change(ref thread, first, pages, set: 0, clear);
        return state & ~clear;
    }

    private ulong Withdraw<TThread>(ref TThread thread, ulong gfn, ulong count, uint state)
        where TThread : struct, IHostThread, allows ref struct
    {
        ulong unmapped = 0;
        foreach (HashSlot<TOrdering> slot in Slots)
        {
            (ulong first, ulong pages) = HostRange(slot, gfn, count);
            if (pages == 0)
                continue;

            // The page, then the count, then the chains: who is about to add an entry sees the count, or the entry is found here.
            slot.Host.Change(ref thread, first, pages, set: state, clear: 0);
            CountInvalidation();
            ulong end = Has(HashTableDefects.PageOutTakesFirstPage) ? first + 1 : first + pages;
            for (ulong offset = first; offset < end; offset++)
                unmapped += UnmapChain(ref thread, slot, offset);
        }

        return unmapped;
    }

    private ulong UnmapChain<TThread>(ref TThread thread, HashSlot<TOrdering> slot, ulong offset)
        where TThread : struct, IHostThread, allows ref struct
    {
        ref ulong rmap = ref slot.RmapOf(offset);
        ulong unmapped = 0;
        while (true)
        {
            // Table and chains are those of the moment: a resize has emptied this chain before it replaces them.
            ulong word = Chains.Lock(ref rmap, ref thread);
            if ((word & RmapFormat.Present) == 0)
            {
                Chains.Unlock(ref rmap, word);
                return unmapped;
            }

            // Everyone else locks the entry first and the rmap word inside it. So one attempt, or let go of both and wait.
            uint index = (uint)(word & RmapFormat.Index);
            HptCore<TOrdering> table = Table;
            if (!table.TryLock(index))
            {
                Chains.Unlock(ref rmap, word);
                table.AwaitUnlock(index, ref thread);
                continue;
            }

            Hpte entry = Table.Load(index);
            entry = entry with { V = entry.V & ~HpteV.HvLock };
            word = Unmap(ref thread, slot, offset, word, index, ref entry);
            Chains.Unlock(ref rmap, word);
            Table.Unlock(index, entry.V);
            unmapped += entry.IsAbsent ? 1UL : 0;
        }
    }

    /// <summary>
    /// Takes a locked entry out of a page's chain and from the processors; it stays the guest's, absent. Under the rmap word's lock. Its R
    /// keeps R and C, which mean nothing any more, and loses the key: an absent entry of key 31 is a device's.
    /// </summary>
    /// <param name="thread">The thread.</param>
    /// <param name="slot">The page's slot.</param>
    /// <param name="offset">The page.</param>
    /// <param name="word">The rmap word.</param>
    /// <param name="index">The entry.</param>
    /// <param name="entry">Its words, V without HvLock; on return those that it has now.</param>
    /// <returns>The rmap word to unlock with.</returns>
    private ulong Unmap<TThread>(ref TThread thread, HashSlot<TOrdering> slot, ulong offset, ulong word, ulong index, ref Hpte entry)
        where TThread : struct, IHostThread, allows ref struct
    {
        word = Chains.Detach(word, (uint)index);
        ulong guestR = Chains.LoadGuestR(index);
        if (!entry.IsValid || HptePageSize.Decode(entry.V, guestR) is not { } size || size.Gfn(guestR, Options.PageShift) != slot.BaseGfn + offset)
            return word;

        ulong v = (entry.V & ~HpteV.Valid) | HpteV.Absent;
        ulong r = Invalidate(ref thread, index, v);
        entry = new Hpte(v, Has(HashTableDefects.PageOutKeepsKey) ? r : r & ~HpteR.Key);
        Table.StoreR(index, entry);
        StoreGuestView(index, guestR, guestR | (r & HpteR.ReferencedChanged));
        return RecordInHostView(slot, offset, word, size, r);
    }

    // The whole host pages that overlap a range, within the slot; none, if the range does not touch it.
    private (ulong First, ulong Count) HostRange(HashSlot<TOrdering> slot, ulong gfn, ulong count)
    {
        ulong slotEnd = slot.BaseGfn + slot.PageCount;
        ulong end = count > ulong.MaxValue - gfn ? ulong.MaxValue : gfn + count;
        ulong first = Math.Max(gfn, slot.BaseGfn);
        end = Math.Min(end, slotEnd);
        if (first >= end)
            return (0, 0);

        ulong inHostPage = (1UL << (Options.BackingShift - Options.PageShift)) - 1;
        first = (first - slot.BaseGfn) & ~inHostPage;
        end = Math.Min(slot.PageCount, (end - slot.BaseGfn + inHostPage) & ~inHostPage);
        return (first, end - first);
    }
}
