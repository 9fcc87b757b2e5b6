using RingKit.Bitmaps;
using RingKit.Bitmaps.Summary;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Phases;

/// <summary>Pages that were harvested and came back. The next harvest has them, with those written since. Under the log's lock.</summary>
internal sealed class ReturnedPages : IDisposable
{
    private readonly GuestMemory _memory;
    private readonly SummaryBitmap[] _slots;

    public ReturnedPages(GuestMemory memory)
    {
        _memory = memory;
        _slots = [.. memory.Slots.Select(slot => new SummaryBitmap(slot.PageCount))];
    }

    /// <summary>False if there are none for certain.</summary>
    public bool MayHavePages { get; private set; }

    public void Add(int ordinal, ulong word, ulong mask)
    {
        if (mask == 0)
            return;
        MayHavePages = true;
        _slots[ordinal].MarkMask(word, mask);
    }

    /// <summary>Hands all pages over, ascending and each once. If the sink throws, those that it did not take stay.</summary>
    public void Deliver<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        if (!MayHavePages)
            return;

        // Before and not after: a sink may put pages back.
        MayHavePages = false;
        bool isDone = false;
        try
        {
            foreach (MemorySlot slot in _memory.Slots)
            {
                var one = new OneSlot<TSink>(slot, ref sink);
                _slots[slot.Ordinal].HarvestMasks(ref one);
            }

            isDone = true;
        }
        finally
        {
            MayHavePages |= !isDone;
        }
    }

    /// <summary>Forgets the pages of a slot.</summary>
    public void Forget(MemorySlot slot)
    {
        if (!MayHavePages)
            return;
        var forget = default(ForgettingSink);
        _slots[slot.Ordinal].HarvestMasks(ref forget);
    }

    public void Dispose()
    {
        MayHavePages = false;
        foreach (SummaryBitmap slot in _slots)
            slot.Dispose();
    }

    private readonly ref struct OneSlot<TSink>(MemorySlot slot, ref TSink sink) : IDirtyMaskSink
        where TSink : struct, IDirtyPageSink
    {
        private readonly ref TSink _sink = ref sink;

        public void Accept(ulong firstPage, ulong mask) => _sink.Accept(slot, firstPage, mask);
    }

    private readonly struct ForgettingSink : IDirtyMaskSink
    {
        public void Accept(ulong firstPage, ulong mask)
        {
        }
    }
}
