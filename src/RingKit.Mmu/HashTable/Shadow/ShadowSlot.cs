using RingKit.Memory;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Shadow;

/// <summary>A memory slot and its dirty bitmap.</summary>
internal sealed class ShadowSlot<TOrdering>(MemorySlot memory) : IDisposable
    where TOrdering : struct, IOrdering
{
    private readonly NativeView<uint> _logs = new NativeBlock<uint>(1).View;

    public MemorySlot Memory { get; } = memory;

    /// <summary>The frames that were mapped writable since the last fetch.</summary>
    public ChangedPages<TOrdering> Changed { get; } = new(memory.PageCount);

    /// <summary>Whether the slot has a dirty bitmap. Looked at under a cache's lock, which the start of a log takes after it has set this (E61).</summary>
    public bool Logs
    {
        get => TOrdering.LoadRelaxed(ref _logs[0]) != 0;
        set => TOrdering.StoreRelaxed(ref _logs[0], value ? 1u : 0);
    }

    public void Dispose() => Changed.Dispose();
}
