using RingKit.Bitmaps;
using RingKit.Bitmaps.Summary;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Phases;

/// <summary>Pages that wait for somebody's next harvest, as they came back from one or were handed on by another: a summary bitmap for each slot.</summary>
/// <remarks>Thread role: adding by any thread; the rest by one thread at a time, meanwhile.</remarks>
internal sealed class PendingPages : IDisposable
{
    private readonly GuestMemory _memory;
    private readonly SummaryBitmap[] _slots;

    public PendingPages(GuestMemory memory)
    {
        _memory = memory;
        _slots = [.. memory.Slots.Select(slot => new SummaryBitmap(slot.PageCount))];
    }

    /// <summary>False if there are none for certain, but for those that are added meanwhile.</summary>
    public bool MayHavePages
    {
        get
        {
            foreach (SummaryBitmap slot in _slots)
            {
                if (slot.MayHaveMarks)
                    return true;
            }

            return false;
        }
    }

    /// <summary>The memory that they would take if all were there.</summary>
    public ulong Bytes
    {
        get
        {
            ulong words = 0;
            foreach (SummaryBitmap slot in _slots)
            {
                ulong leaves = (slot.Pages + 63) / 64;
                words += leaves + SummaryLevels.WordsAbove(SummaryLevels.WordsOf(slot.Pages, SummaryLevels.MostTopWords));
            }

            return words * sizeof(ulong);
        }
    }

    /// <summary>Adds pages of one aligned stretch of 64.</summary>
    public void Add(int ordinal, ulong word, ulong mask)
    {
        if (mask != 0)
            _slots[ordinal].MarkMask(word, mask);
    }

    /// <summary>Adds pages at any offset.</summary>
    public void Add(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        int shift = (int)(baseOffset % 64);
        Add(slot.Ordinal, baseOffset / 64, mask << shift);
        if (shift != 0)
            Add(slot.Ordinal, (baseOffset / 64) + 1, mask >> (64 - shift));
    }

    /// <summary>Hands all pages over, ascending and each once. If the sink throws, those that it did not take stay.</summary>
    public void Deliver<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        foreach (MemorySlot slot in _memory.Slots)
            Deliver(slot, ref sink);
    }

    /// <summary>The same, of one slot.</summary>
    public void Deliver<TSink>(MemorySlot slot, ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        var one = new MaskSink<TSink>(slot, ref sink);
        _slots[slot.Ordinal].HarvestMasks(ref one);
    }

    /// <summary>The same as runs, of one slot.</summary>
    public void DeliverRuns<TSink>(MemorySlot slot, ref TSink sink)
        where TSink : struct, IDirtyPageRunSink
    {
        var one = new RunSink<TSink>(slot, ref sink);
        _slots[slot.Ordinal].HarvestRuns(ref one);
    }

    /// <summary>Forgets the pages of a slot.</summary>
    public void Forget(MemorySlot slot)
    {
        var forget = default(ForgettingSink);
        _slots[slot.Ordinal].HarvestMasks(ref forget);
    }

    public void Dispose()
    {
        foreach (SummaryBitmap slot in _slots)
            slot.Dispose();
    }

    private readonly ref struct MaskSink<TSink>(MemorySlot slot, ref TSink sink) : IDirtyMaskSink
        where TSink : struct, IDirtyPageSink
    {
        private readonly ref TSink _sink = ref sink;

        public void Accept(ulong firstPage, ulong mask) => _sink.Accept(slot, firstPage, mask);
    }

    private readonly ref struct RunSink<TSink>(MemorySlot slot, ref TSink sink) : IDirtyRunSink
        where TSink : struct, IDirtyPageRunSink
    {
        private readonly ref TSink _sink = ref sink;

        public void Accept(ulong firstPage, ulong pageCount) => _sink.Accept(slot, firstPage, pageCount);
    }

    private readonly struct ForgettingSink : IDirtyMaskSink
    {
        public void Accept(ulong firstPage, ulong mask)
        {
        }
    }
}
