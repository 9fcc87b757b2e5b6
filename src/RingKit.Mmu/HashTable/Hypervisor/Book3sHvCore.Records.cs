using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Slots;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>Where R and C go when an entry loses its translation: the same steps for every reason.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    // Two views of R and C are kept, the guest's in its own R and the host's in the rmap word or the slot's bitmap, since guest and host each
    // clear theirs without the other's knowing. An entry in the table has a bit if both views have it; what the processor has set goes to both.

    /// <summary>
    /// Takes a locked entry from the processors. Meanwhile its V is the given one: without <see cref="HpteV.Valid"/>, and with
    /// <see cref="HpteV.Absent"/> if it comes back.
    /// </summary>
    /// <returns>R as the processors have left it.</returns>
    internal ulong Invalidate<TThread>(ref TThread thread, ulong index, ulong v)
        where TThread : struct, IHostThread, allows ref struct
    {
        Table.StoreV(index, v);
        Span<ulong> indices = [index];
        thread.Tlbie(indices);
        return Table.LoadR(index);                                                    // E45: R and C are complete
    }

    /// <summary>Takes an entry that is locked and invalid out of its page's chain, and its R and C, from an R read after the tlbie, to both views.</summary>
    internal void RemoveFromChain<TThread>(ref TThread thread, ulong index, HptePageSize pageSize, ulong r)
        where TThread : struct, IHostThread, allows ref struct
    {
        ulong guestR = Chains.LoadGuestR(index);
        ulong gfn = pageSize.Gfn(guestR, Options.PageShift);
        StoreGuestView(index, guestR, guestR | (r & HpteR.ReferencedChanged));
        if (FindSlot(gfn) is not { } slot)
            return;

        ulong offset = gfn - slot.BaseGfn;
        ref ulong rmap = ref slot.RmapOf(offset);
        ulong word = Chains.Lock(ref rmap, ref thread);
        word = Chains.Remove(word, (uint)index);
        word = RecordInHostView(slot, offset, word, pageSize, r);
        Chains.Unlock(ref rmap, word);
    }

    /// <summary>R and C of an entry into the host's view. Under the rmap word's lock.</summary>
    /// <returns>The rmap word to unlock with.</returns>
    private ulong RecordInHostView(HashSlot<TOrdering> slot, ulong offset, ulong word, HptePageSize pageSize, ulong r)
    {
        if (Has(HashTableDefects.RemovalForgetsHost))
            return word;

        word |= (r & HpteR.ReferencedChanged) << RmapFormat.ReferencedChangedShift;
        if ((r & HpteR.Changed) == 0)
            return word;

        int shift = Has(HashTableDefects.RemovalForgetsSize) ? Options.PageShift : pageSize.ActualShift;
        if (Format.KeepsOrder)
            word = RmapFormat.WithChangedShift(word, shift);
        if (Options.Era == HashTableEra.Current && slot.Logs)
            slot.MarkChanged(offset, shift <= Options.PageShift ? 1 : 1UL << (shift - Options.PageShift));
        return word;
    }

    /// <summary>Stores the guest's own R, and notes for a migration of the table that it is another one. Under the entry's lock.</summary>
    private void StoreGuestView(ulong index, ulong before, ulong after)
    {
        if (after == before)
            return;
        Chains.StoreGuestR(index, after | (NotesModifications ? HpteR.Modified : 0));
    }
}
