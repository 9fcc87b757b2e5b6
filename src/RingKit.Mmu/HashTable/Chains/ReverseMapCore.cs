using RingKit.Memory;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Chains;

/// <summary>The reverse map: from a guest page to the entries that map it, as circular chains in the order in which they were added.</summary>
/// <remarks>
/// A chain is changed and walked under the lock bit of its page's rmap word. That lock nests inside an entry's HvLock: who holds it may only
/// try to lock an entry.
/// </remarks>
internal sealed unsafe class ReverseMapCore<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // Invariant: as many entries as the table has, behind _entries; _lease keeps them until Dispose. Links are stored here alone, by Add, from indices
    // that are entries of the table.
    private readonly ReverseMapEntry* _entries;
    private readonly NativeLease _lease;

    public ReverseMapCore(NativeView<ReverseMapEntry> entries, RmapFormat format)
    {
        _lease = entries.Lease();
        _entries = entries.DangerousPointer;
        Format = format;
    }

    public RmapFormat Format { get; }

    /// <summary>The guest's own R. Under the entry's HvLock, or a hint without it.</summary>
    public ulong LoadGuestR(ulong index) => TOrdering.LoadRelaxed(ref _entries[index].GuestR);

    /// <summary>Under the entry's HvLock, which its unlock releases (E43).</summary>
    public void StoreGuestR(ulong index, ulong r) => TOrdering.StoreRelaxed(ref _entries[index].GuestR, r);

    /// <summary>The entry after this one in its chain. Under the rmap word's lock.</summary>
    public uint Next(uint index) => TOrdering.ReadPlain(ref _entries[index].Forward);

    /// <summary>The same without a lock: a hint, which may be no entry's index any more.</summary>
    public uint PeekNext(uint index) => TOrdering.LoadRelaxed(ref _entries[index].Forward);

    /// <summary>The entry before this one. Under the rmap word's lock.</summary>
    public uint Previous(uint index) => TOrdering.ReadPlain(ref _entries[index].Back);

    /// <summary>Locks an rmap word.</summary>
    /// <returns>The word, without the lock's bit.</returns>
    public ulong Lock<TThread>(ref ulong rmap, ref TThread thread)
        where TThread : struct, IHostThread, allows ref struct
    {
        while (true)
        {
            ulong word = TOrdering.LoadRelaxed(ref rmap);
            if ((word & Format.Lock) == 0 && TOrdering.CompareExchangeAcquire(ref rmap, word | Format.Lock, word) == word)   // E46
                return word;
            thread.Relax();
        }
    }

    /// <summary>The holder stores the word without the lock.</summary>
    public void Unlock(ref ulong rmap, ulong word) => TOrdering.StoreRelease(ref rmap, word & ~Format.Lock);                 // E46

    /// <summary>Adds an entry behind the last of a page's chain. Under the rmap word's lock.</summary>
    /// <returns>The word to unlock with.</returns>
    public ulong Add(ulong word, uint index)
    {
        ref ReverseMapEntry added = ref _entries[index];
        if ((word & RmapFormat.Present) == 0)
        {
            TOrdering.WritePlain(ref added.Forward, index);
            TOrdering.WritePlain(ref added.Back, index);
            return (word & ~RmapFormat.Index) | RmapFormat.Present | Format.Type | index;
        }

        uint head = (uint)(word & RmapFormat.Index);
        uint tail = TOrdering.ReadPlain(ref _entries[head].Back);
        TOrdering.WritePlain(ref added.Forward, head);
        TOrdering.WritePlain(ref added.Back, tail);
        TOrdering.WritePlain(ref _entries[tail].Forward, index);
        TOrdering.WritePlain(ref _entries[head].Back, index);
        return word;
    }

    /// <summary>Takes an entry out of a page's chain; it keeps its own links. Under the rmap word's lock.</summary>
    /// <returns>The word to unlock with: with the next entry as its first where this one was it, and without one where it was the last.</returns>
    public ulong Remove(ulong word, uint index)
    {
        uint next = TOrdering.ReadPlain(ref _entries[index].Forward);
        uint previous = TOrdering.ReadPlain(ref _entries[index].Back);
        if (next == index)
            return word & ~(RmapFormat.Present | RmapFormat.Index);

        TOrdering.WritePlain(ref _entries[previous].Forward, next);
        TOrdering.WritePlain(ref _entries[next].Back, previous);
        return (uint)(word & RmapFormat.Index) == index ? (word & ~RmapFormat.Index) | next : word;
    }

    /// <summary>
    /// Takes an entry out of a page's chain as the host does when the page goes: the entry is left with links to itself, and the chain begins
    /// with the one behind it, whether it was the first or not. Under the rmap word's lock.
    /// </summary>
    /// <returns>The word to unlock with.</returns>
    public ulong Detach(ulong word, uint index)
    {
        uint next = TOrdering.ReadPlain(ref _entries[index].Forward);
        word = Remove(word, index);
        TOrdering.WritePlain(ref _entries[index].Forward, index);
        TOrdering.WritePlain(ref _entries[index].Back, index);
        return (word & RmapFormat.Present) == 0 ? word : (word & ~RmapFormat.Index) | next;
    }

    public void Dispose() => _lease.Dispose();
}
