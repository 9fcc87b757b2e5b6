using System.Collections.Immutable;
using RingKit.Memory;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Chains;
using RingKit.Mmu.HashTable.Resizing;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>A guest's hashed page table as KVM's Book3S HV keeps it: the table, its reverse map, the slots, and what the parts of this class do to them.</summary>
/// <remarks>
/// Lock order: an entry's HvLock, inside it an rmap word's lock. Code that begins at an rmap word only tries entries.
/// Thread role: hypercalls and faults by each vCPU's thread, page-outs and harvests by others, all concurrently.
/// </remarks>
internal sealed partial class Book3sHvCore<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // Real addresses of the simulated host begin here, so that nobody takes one for a guest's.
    private const ulong FirstHostAddress = 1UL << 46;
    private const ulong HostAlignment = 1UL << 34;

    private readonly HashTableDefects _defects;
    private readonly NativeView<uint> _notesModifications = new NativeBlock<uint>(1).View;
    private readonly NativeView<ulong> _invalidationSequence = new NativeBlock<ulong>(1).View;

    public Book3sHvCore(GuestMemory memory, HashTableOptions options)
        : this(memory, options, geometry: null)
    {
    }

    /// <summary>The same with a table that may be smaller than any of a guest's: for proofs.</summary>
    internal Book3sHvCore(GuestMemory memory, HashTableOptions options, HptGeometry? geometry)
    {
        HashTableOptions.Check(options);
        Options = options;
        _defects = options.Defects;
        Format = new RmapFormat(options.Era);
        Slots = MakeSlots(memory, options.PageShift);
        Use(new HptInfo<TOrdering>(geometry ?? new HptGeometry(options.Order), Format, options.Isa30));
    }

    public HashTableOptions Options { get; }

    public RmapFormat Format { get; }

    public ImmutableArray<HashSlot<TOrdering>> Slots { get; }

    /// <summary>The table in use. A resize puts another one here while no vCPU runs.</summary>
    public HptInfo<TOrdering> Hpt { get; private set; }

    public HptCore<TOrdering> Table => Hpt.Table;

    public ReverseMapCore<TOrdering> Chains => Hpt.Chains;

    /// <summary>
    /// How often the host has taken pages away: KVM's mmu_invalidate_seq. An entry that is about to be chained compares it, under the rmap word's lock,
    /// with what it was before the host's page was looked up; if it differs, the page may be gone (E47).
    /// </summary>
    public ulong InvalidationSequence => TOrdering.LoadAcquire(ref _invalidationSequence[0]);

    /// <summary>Counts one. The host's page is not present any more, and its chain not taken apart yet.</summary>
    internal void CountInvalidation()
    {
        ulong seen = TOrdering.LoadRelaxed(ref _invalidationSequence[0]);
        while (true)
        {
            ulong found = TOrdering.CompareExchangeRelease(ref _invalidationSequence[0], seen + 1, seen);   // E47
            if (found == seen)
                return;
            seen = found;
        }
    }

    /// <summary>Whether somebody wants to know which entries were modified: a stream of the table for a migration, which locks each entry after it has set this (E43).</summary>
    public bool NotesModifications
    {
        get => TOrdering.LoadRelaxed(ref _notesModifications[0]) != 0;
        set => TOrdering.StoreRelaxed(ref _notesModifications[0], value ? 1u : 0);
    }

    /// <summary>The slot that holds a frame, or null.</summary>
    public HashSlot<TOrdering>? FindSlot(ulong gfn)
    {
        foreach (HashSlot<TOrdering> slot in Slots)
        {
            if (slot.Holds(gfn))
                return slot;
        }

        return null;
    }

    public void Dispose()
    {
        ReleaseResize();
        Hpt.Dispose();
        foreach (HashSlot<TOrdering> slot in Slots)
            slot.Dispose();
    }

    private static ImmutableArray<HashSlot<TOrdering>> MakeSlots(GuestMemory memory, int pageShift)
    {
        ulong pagesInHostPage = 1UL << (pageShift - GuestPage.Shift);
        ulong address = FirstHostAddress;
        var slots = ImmutableArray.CreateBuilder<HashSlot<TOrdering>>();
        foreach (MemorySlot slot in memory.Slots)
        {
            if (((slot.BaseGfn | slot.PageCount) & (pagesInHostPage - 1)) != 0)
                throw new ArgumentException($"Slot {slot.Id} does not begin and end at a host page of 2^{pageShift} bytes.", nameof(memory));
            slots.Add(new HashSlot<TOrdering>(slot, pageShift, address));
            address += ((slot.PageCount << GuestPage.Shift) + HostAlignment - 1) & ~(HostAlignment - 1);
        }

        return slots.ToImmutable();
    }

    private bool Has(HashTableDefects defect) => (_defects & defect) != HashTableDefects.None;
}
