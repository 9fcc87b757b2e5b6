using RingKit.Memory;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Slots;

/// <summary>What the host has behind each page of a slot: a word a page, in which 0 is a present, writable page of memory.</summary>
internal sealed unsafe class HostPages<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    /// <summary>The page is out: on the host's swap, or not there yet.</summary>
    public const uint NotPresent = 1;

    /// <summary>The host may not write it, as it shares it with somebody (KSM), until somebody writes.</summary>
    public const uint ReadOnly = 2;

    /// <summary>It is a device's, not memory's.</summary>
    public const uint CachingInhibited = 4;

    // Invariant: as many words as the slot has pages; offsets are checked where gfns come in.
    private readonly uint* _states;
    private readonly NativeLease _lease;
    private readonly NativeView<ulong> _lock = new NativeBlock<ulong>(1).View;

    public HostPages(ulong pageCount)
    {
        _lease = NativeLease.Allocate((nuint)pageCount, CacheLine.Separation, out NativeView<uint> view);
        _states = view.DangerousPointer;
    }

    public uint this[ulong offset]
    {
        get => TOrdering.LoadRelaxed(ref _states[offset]);
        set => TOrdering.StoreRelaxed(ref _states[offset], value);
    }

    /// <summary>Sets and clears bits of pages, one change after the other, as the host does under its own page tables' lock.</summary>
    public void Change<TThread>(ref TThread thread, ulong first, ulong count, uint set, uint clear)
        where TThread : struct, IHostThread, allows ref struct
    {
        while (TOrdering.CompareExchangeAcquire(ref _lock[0], 1, 0) != 0)                // E47
            thread.Relax();
        for (ulong offset = first; offset < first + count; offset++)
            this[offset] = (TOrdering.LoadRelaxed(ref _states[offset]) & ~clear) | set;
        TOrdering.StoreRelease(ref _lock[0], 0);                                      // E47
    }

    public void Dispose() => _lease.Dispose();
}
