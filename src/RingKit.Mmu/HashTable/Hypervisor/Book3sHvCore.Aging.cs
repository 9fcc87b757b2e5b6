using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Slots;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>Which pages the guest has used: the host asks before it takes one away.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    /// <summary>Asks whether pages were referenced since the last time, and forgets it. Entries stay valid; their C is not touched.</summary>
    /// <param name="thread">Any thread that holds no lock of an entry.</param>
    /// <param name="gfn">The first frame; whole host pages are asked about, as in <see cref="PageOut"/>.</param>
    /// <param name="count">How many.</param>
    /// <returns>Whether any was referenced.</returns>
    /// <remarks>Source: KVM's <c>kvm_age_rmapp</c>.</remarks>
    internal bool Age<TThread>(ref TThread thread, ulong gfn, ulong count = 1)
        where TThread : struct, IHostThread, allows ref struct
    {
        bool referenced = false;
        foreach (HashSlot<TOrdering> slot in Slots)
        {
            (ulong first, ulong pages) = HostRange(slot, gfn, count);
            for (ulong offset = first; offset < first + pages; offset++)
            {
                while (!TryAgeChain(ref thread, ref slot.RmapOf(offset), ref referenced, out HptCore<TOrdering> table, out uint busy))
                    table.AwaitUnlock(busy, ref thread);
            }
        }

        return referenced;
    }

    // False if an entry is locked: its holder may wait for this rmap word. What was aged before it is not referenced the next time.
    private bool TryAgeChain<TThread>(ref TThread thread, ref ulong rmap, ref bool referenced, out HptCore<TOrdering> table, out uint busy)
        where TThread : struct, IHostThread, allows ref struct
    {
        ulong word = Chains.Lock(ref rmap, ref thread);
        table = Table;
        referenced |= (word & RmapFormat.Referenced) != 0;
        word &= ~RmapFormat.Referenced;
        uint head = (uint)(word & RmapFormat.Index);
        uint index = head;
        bool done = true;
        while ((word & RmapFormat.Present) != 0 && (done = TryAgeEntry(ref thread, index, ref referenced)))
        {
            index = Chains.Next(index);
            if (index == head)
                break;
        }

        busy = index;
        Chains.Unlock(ref rmap, word);
        return done;
    }

    private bool TryAgeEntry<TThread>(ref TThread thread, uint index, ref bool referenced)
        where TThread : struct, IHostThread, allows ref struct
    {
        if ((Table.LoadR(index) & HpteR.Referenced) == 0)
            return true;
        if (!Table.TryLock(index))
            return false;

        Hpte entry = Table.Load(index);
        if (entry.IsValid && entry.IsReferenced)
        {
            // The entry stays valid, so R is taken away in one step, beside a processor that sets C; then they all look it up anew.
            Table.ClearReferenced(index);
            thread.Tlbie([index]);
            ulong guestR = Chains.LoadGuestR(index);
            StoreGuestView(index, guestR, guestR | HpteR.Referenced);
            referenced = true;
        }

        Table.Unlock(index, entry.V);
        return true;
    }
}
