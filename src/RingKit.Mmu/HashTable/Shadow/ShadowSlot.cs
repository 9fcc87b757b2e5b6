using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Shadow;

/// <summary>A memory slot and its dirty bitmap.</summary>
internal sealed class ShadowSlot<TOrdering>(MemorySlot memory) : IDisposable
    where TOrdering : struct, IOrdering
{
    private uint _logs;

    public MemorySlot Memory { get; } = memory;

    /// <summary>The frames that were mapped writable since the last fetch.</summary>
    public ChangedPages<TOrdering> Changed { get; } = new(memory.PageCount);

    /// <summary>Whether the slot has a dirty bitmap.</summary>
    public bool Logs
    {
        get => TOrdering.LoadAcquire(ref _logs) != 0;
        set => TOrdering.StoreRelease(ref _logs, value ? 1u : 0);
    }

    public void Dispose() => Changed.Dispose();
}
