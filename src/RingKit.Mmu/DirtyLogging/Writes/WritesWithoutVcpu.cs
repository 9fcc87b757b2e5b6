using RingKit.Bitmaps;
using RingKit.Bitmaps.Summary;
using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging.Writes;

/// <summary>The pages that one kind of writer other than a vCPU has written and no harvest has taken: a summary bitmap for each slot, made when it first writes.</summary>
/// <remarks>
/// Thread role: <see cref="Record"/> by any thread; the rest by one thread at a time, under the log's lock. It belongs to the machine and not to the log, as such a
/// writer may be at work while a log goes.
/// </remarks>
internal sealed class WritesWithoutVcpu(GuestMemory memory) : IDisposable
{
    private readonly Lazy<SummaryBitmap[]> _bitmaps = new(() => [.. memory.Slots.Select(slot => new SummaryBitmap(slot.PageCount))]);

    /// <summary>Marks pages whose bytes have been stored.</summary>
    /// <param name="slot">A slot of the memory.</param>
    /// <param name="offset">The first page's index inside the slot.</param>
    /// <param name="count">How many; all are in the slot.</param>
    public void Record(MemorySlot slot, ulong offset, ulong count) =>
        WriteMarking<HardwareOrdering>.Mark(in slot.LogFlag, new PagesOf(this, slot), offset, count);

    /// <summary>False if there are no such pages, but for those that are recorded meanwhile.</summary>
    public bool MayHavePages => _bitmaps.IsValueCreated && _bitmaps.Value.Any(bitmap => bitmap.MayHaveMarks);

    /// <summary>Hands a slot's pages to a sink, and leaves them clean. They may be read at once.</summary>
    /// <param name="slot">A slot of the memory.</param>
    /// <param name="sink">Takes the pages. If it throws, those that it did not take stay.</param>
    public void Take<TSink>(MemorySlot slot, ref TSink sink)
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        if (_bitmaps.IsValueCreated)
            _bitmaps.Value[slot.Ordinal].HarvestMasks(ref sink);
    }

    /// <summary>Releases the memory. Nobody writes any more.</summary>
    public void Dispose()
    {
        if (!_bitmaps.IsValueCreated)
            return;
        foreach (SummaryBitmap bitmap in _bitmaps.Value)
            bitmap.Dispose();
    }

    private readonly struct PagesOf(WritesWithoutVcpu writes, MemorySlot slot) : IMarkedPages
    {
        public IDirtyTracker Tracker => writes._bitmaps.Value[slot.Ordinal];
    }
}
