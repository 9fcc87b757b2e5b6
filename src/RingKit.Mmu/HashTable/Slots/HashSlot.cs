using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Slots;

/// <summary>What Book3S HV keeps for a memory slot: an rmap word and the host's state for each page, and the dirty bitmap that collects C of removed entries.</summary>
/// <remarks>Pages and gfns are the host's here, of 2^PageShift bytes.</remarks>
internal sealed unsafe class HashSlot<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // Invariant: PageCount rmap words, kept by the lease until Dispose. Offsets are checked where gfns come in.
    private readonly ulong* _rmap;
    private readonly NativeLease _rmapLease;
    private readonly NativeView<uint> _logs = new NativeBlock<uint>(1).View;
    private readonly NativeView<uint> _isGone = new NativeBlock<uint>(1).View;

    public HashSlot(MemorySlot memory, int pageShift, ulong hostAddress)
    {
        int extra = pageShift - GuestPage.Shift;
        Memory = memory;
        BaseGfn = memory.BaseGfn >> extra;
        PageCount = memory.PageCount >> extra;
        HostAddress = hostAddress;
        Host = new HostPages<TOrdering>(PageCount);
        _rmapLease = NativeLease.Allocate((nuint)PageCount, CacheLine.Separation, out NativeView<ulong> rmap);
        Changed = new ChangedPages<TOrdering>(PageCount);
        Rmap = rmap;
        _rmap = rmap.DangerousPointer;
    }

    /// <summary>The guest's memory.</summary>
    public MemorySlot Memory { get; }

    /// <summary>The first gfn.</summary>
    public ulong BaseGfn { get; }

    /// <summary>How many pages.</summary>
    public ulong PageCount { get; }

    /// <summary>The words of a bitmap of the slot.</summary>
    public ulong WordCount => Changed.WordCount;

    /// <summary>The host's real address of the first page, as the entries in the table name it: a number of the simulation, no pointer.</summary>
    public ulong HostAddress { get; }

    /// <summary>What the host has behind each page.</summary>
    public HostPages<TOrdering> Host { get; }

    /// <summary>The pages that are known to be changed and were not reported yet: KVM's dirty bitmap of the slot.</summary>
    public ChangedPages<TOrdering> Changed { get; }

    /// <summary>The rmap words, for passes over all of them.</summary>
    public NativeView<ulong> Rmap { get; }

    /// <summary>Whether C of removed entries is recorded in the slot's bitmap: KVM's slot has one. Set by a log's start and stop, read by all (E7).</summary>
    public bool Logs
    {
        get => TOrdering.LoadRelaxed(ref _logs[0]) != 0;
        set => TOrdering.StoreRelaxed(ref _logs[0], value ? 1u : 0);
    }

    /// <summary>
    /// Whether the slot is the guest's memory at this time. Looked at after the count of invalidations or of entries of devices, which who takes the slot away, or gives it
    /// back, counts after it has set this (E47, E70).
    /// </summary>
    public bool IsSet
    {
        get => TOrdering.LoadRelaxed(ref _isGone[0]) == 0;
        set => TOrdering.StoreRelaxed(ref _isGone[0], value ? 0 : 1u);
    }

    public bool Holds(ulong gfn) => gfn - BaseGfn < PageCount;

    /// <summary>The rmap word of a page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref ulong RmapOf(ulong offset) => ref _rmap[offset];

    /// <summary>Finds the rmap words, of up to 64, that have any of some bits, without locks: a hint until the caller has made a full fence (E60).</summary>
    /// <inheritdoc cref="RmapScan.Any(ref readonly ulong, int, ulong)"/>
    public ulong FindRmapWords(ulong first, int count, ulong bits)
    {
        if (typeof(TOrdering) == typeof(HardwareOrdering))
            return RmapScan.Any(in RmapOf(first), count, bits);

        // A model of memory sees no vectors.
        ulong found = 0;
        for (int i = 0; i < count; i++)
            found |= (TOrdering.LoadRelaxed(ref RmapOf(first + (uint)i)) & bits) != 0 ? 1UL << i : 0;
        return found;
    }

    /// <summary>Records pages as changed, those within the slot.</summary>
    public void MarkChanged(ulong offset, ulong count) => Changed.Mark(offset, count);

    /// <summary>Takes 64 pages' record.</summary>
    /// <param name="word">Which 64 pages.</param>
    public ulong TakeChanged(ulong word) => Changed.Take(word);

    /// <summary>Stops to log the slot, and forgets what was not harvested. Book3sHvCore.StartLogging starts.</summary>
    public void StopLogging()
    {
        Logs = false;
        Changed.Forget();
    }

    public void Dispose()
    {
        Host.Dispose();
        _rmapLease.Dispose();
        Changed.Dispose();
    }
}
