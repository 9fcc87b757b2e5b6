using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RingKit.Memory;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Ordering;
using RingKit.Sweeps;

namespace RingKit.Mmu.HashTable;

/// <summary>The entries of a hashed page table, and each order in which their words are read and written.</summary>
internal sealed unsafe class HptCore<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // Who holds HvLock in an entry's V owns its other bits, its R while the entry is not valid, and the hypervisor's copy of the guest's R. V is
    // stored last, and that store unlocks: it releases R to the next holder (E43) and to the processors, which read V and then R without
    // the lock (E44).
    // A processor sets R and C at any time while it may translate by the entry: until the entry is invalid and a tlbie for it has returned.
    // Hardware stores the byte; here it is an or on the word, since a word has one size on the model of memory. Nobody else may
    // store R in that time but by taking bits away in one step.

    // Invariant: EntryCount pairs behind _entries; _lease keeps them until Dispose. Indices are checked where they come in (IsEntry).
    private readonly WordPair* _entries;
    private readonly NativeLease _lease;

    public HptCore(NativeView<WordPair> entries, HptGeometry geometry, bool isa30)
        : this(entries)
    {
        if (entries.Length != geometry.EntryCount)
            throw new ArgumentException($"A table of order {geometry.Order} has {geometry.EntryCount} entries, the view {entries.Length}.", nameof(entries));
        Geometry = geometry;
        IsIsa30 = isa30;
    }

    private HptCore(NativeView<WordPair> entries)
    {
        View = entries;
        _lease = entries.Lease();
        _entries = entries.DangerousPointer;
    }

    public HptGeometry Geometry { get; }

    public NativeView<WordPair> View { get; }

    public bool IsEntry(ulong index) => index < Geometry.EntryCount;

    /// <summary>Whether the words in memory are in the format of ISA 3.0. All that this class takes and returns is in the older one.</summary>
    public bool IsIsa30 { get; }

    /// <summary>The low bits of V, which both formats share, without a lock; behind it R and the page are at least as new (E44).</summary>
    public ulong LoadState(ulong index) => Hpte.Swap(TOrdering.LoadAcquire(ref At(index).First)) & ~HpteV.Compared;

    /// <summary>Both words, V first, without a lock: HvLock is as it is.</summary>
    public Hpte Load(ulong index)
    {
        ref WordPair at = ref At(index);
        ulong v = Hpte.Swap(TOrdering.LoadAcquire(ref at.First));                                 // E44
        ulong r = Hpte.Swap(TOrdering.LoadRelaxed(ref at.Second));
        return IsIsa30 ? Hpte.FromIsa30(v, r) : new Hpte(v, r);
    }

    /// <summary>R without a lock, or re-read by the lock's holder after a tlbie.</summary>
    public ulong LoadR(ulong index)
    {
        ulong r = Hpte.Swap(TOrdering.LoadRelaxed(ref At(index).Second));
        return IsIsa30 ? Hpte.FromIsa30(0, r).R : r;
    }

    /// <summary>Locks an entry that has none of the refused bits of V, which include <see cref="HpteV.HvLock"/>; one attempt.</summary>
    public bool TryLock(ulong index, ulong refused = HpteV.HvLock)
    {
        ref ulong word = ref At(index).First;
        ulong v = TOrdering.LoadRelaxed(ref word);
        return (v & Hpte.Swap(refused)) == 0
            && TOrdering.CompareExchangeAcquire(ref word, v | Hpte.Swap(HpteV.HvLock), v) == v;   // E43
    }

    /// <summary>Locks an entry, however long it takes.</summary>
    /// <returns>The entry; V without HvLock.</returns>
    public Hpte Lock<TThread>(ulong index, ref TThread thread)
        where TThread : struct, IHostThread, allows ref struct
    {
        while (!TryLock(index))
            thread.Relax();
        Hpte entry = Load(index);
        return entry with { V = entry.V & ~HpteV.HvLock };
    }

    /// <summary>Waits until an entry was seen without its lock, as who holds an rmap word's lock has to let go of that first.</summary>
    public void AwaitUnlock<TThread>(ulong index, ref TThread thread)
        where TThread : struct, IHostThread, allows ref struct
    {
        while ((LoadState(index) & HpteV.HvLock) != 0)
            thread.Relax();
        GC.KeepAlive(this);   // A resize may have put another table in this one's place.
    }

    /// <summary>The holder stores V and keeps the lock: an entry on its way to invalid, before its tlbie.</summary>
    public void StoreV(ulong index, ulong v) => TOrdering.StoreRelaxed(ref At(index).First, RawV(v | HpteV.HvLock));

    /// <summary>
    /// The holder stores R, of an entry that is invalid and whose tlbie has returned. V goes along, as ISA 3.0 has the segment's size in R; it
    /// is not stored.
    /// </summary>
    public void StoreR(ulong index, Hpte entry) =>
        TOrdering.StoreRelaxed(ref At(index).Second, Hpte.Swap(IsIsa30 ? entry.ToIsa30().R : entry.R));

    /// <summary>The holder stores V without the lock.</summary>
    public void Unlock(ulong index, ulong v) => TOrdering.StoreRelease(ref At(index).First, RawV(v & ~HpteV.HvLock));   // E43, E44

    /// <summary>What a processor does in an entry that it may translate by: sets <see cref="HpteR.Referenced"/>, <see cref="HpteR.Changed"/>, or both (E45).</summary>
    public void SetByHardware(ulong index, ulong bits) => TOrdering.OrRelaxed(ref At(index).Second, Hpte.Swap(bits));

    /// <summary>Takes R away from an entry that stays valid, as a processor may be about to set C.</summary>
    public void ClearReferenced(ulong index) => TOrdering.AndNotRelaxed(ref At(index).Second, Hpte.Swap(HpteR.Referenced));

    /// <summary>
    /// Finds entries by both words, from the cursor on, without locks: what is found, and what is not, is a hint until the caller has made a full fence (E60).
    /// </summary>
    /// <inheritdoc cref="PairSweep.Find(NativeView{WordPair}, PairFilter, Span{ulong}, ref ulong)"/>
    public int Find(PairFilter filter, Span<ulong> destination, ref ulong cursor)
    {
        if (typeof(TOrdering) == typeof(HardwareOrdering))
            return PairSweep.Find(View, filter, destination, ref cursor);

        // The definition, a word at a time: a model of memory sees no vectors.
        int found = 0;
        for (; cursor < View.Length && found < destination.Length; cursor++)
        {
            ref WordPair at = ref At(cursor);
            ulong first = TOrdering.LoadRelaxed(ref at.First), second = TOrdering.LoadRelaxed(ref at.Second);
            if (Has(first, filter.First, second, filter.Second) || (filter.LooksAgain && Has(first, filter.AgainFirst, second, filter.AgainSecond)))
                destination[found++] = cursor;
        }

        return found;
    }

    /// <summary>Zeroes all entries. Nobody holds one, and no processor translates by one.</summary>
    public void Clear() => NativeMemory.Clear(_entries, checked((nuint)Geometry.EntryCount * WordPair.SizeInBytes));

    public void Dispose() => _lease.Dispose();

    private static bool Has(ulong first, ulong firstBits, ulong second, ulong secondBits) =>
        (first & firstBits) == firstBits && (second & secondBits) == secondBits;

    private ulong RawV(ulong v) => Hpte.Swap(IsIsa30 ? new Hpte(v, 0).ToIsa30().V : v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref WordPair At(ulong index) => ref _entries[index];
}
