using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Shadow;
using RingKit.Ordering;

namespace RingKit.Bench.HashTable;

/// <summary>
/// The same guest under Book3S PR, with one vCPU: a frame a page, 4 KiB each, whatever the pages are. Before a fetch the vCPU's cache of
/// translations is full of pages that it has read, and of those it has stored to.
/// </summary>
internal sealed class ShadowGuest : IDisposable
{
    // An entry, and a word of the bitmap.
    private const int EntryBytes = 32;

    private readonly GuestMemory _memory = new();
    private readonly ShadowMmuCore<HardwareOrdering> _core;
    private readonly byte[] _bitmap;
    private readonly ulong _pages;

    public ShadowGuest(ulong pages)
    {
        _pages = pages;
        _memory.AddSlotWithoutBytes(0, 0, pages);
        _core = new ShadowMmuCore<HardwareOrdering>(_memory, vcpuCount: 1);
        _bitmap = new byte[_core.Slots[0].Changed.WordCount * sizeof(ulong)];
        var thread = default(BenchThread);
        _core.StartLogging(ref thread, _core.Slots[0]);
    }

    public ReadOnlySpan<byte> Bitmap => _bitmap;

    /// <summary>Maps pages to be read, and the dirty ones to be stored to.</summary>
    public void Store(IEnumerable<ulong> dirty)
    {
        var thread = default(BenchThread);
        for (ulong page = 0; page < Math.Min(_pages, ShadowCacheCore<HardwareOrdering>.Capacity); page++)
            _core.Map(ref thread, vcpu: 0, page, page, mayWrite: false);
        foreach (ulong page in dirty)
            _core.Map(ref thread, vcpu: 0, page, page, mayWrite: true);
    }

    /// <summary>KVM_GET_DIRTY_LOG.</summary>
    public LogCost Get()
    {
        var thread = default(BenchThread);
        _core.GetDirtyLog(ref thread, 0, _bitmap, out ShadowStatistics statistics);
        return new LogCost(0, (_core.Slots[0].Changed.WordCount * sizeof(ulong)) + (statistics.Visited * EntryBytes), statistics.Flushed);
    }

    public void Dispose()
    {
        _core.Dispose();
        _memory.Dispose();
    }
}
