using System.Runtime.CompilerServices;

namespace RingKit.Bitmaps.Slots;

/// <summary>Dirty bitmaps for a sparse space of pages, such as a guest's physical memory: one for each slot, none for what lies between.</summary>
/// <remarks>
/// Thread role: as <see cref="DirtyBitmap"/> says, for each slot on its own; the slots do not change. A mark finds its slot by binary search.
/// There is no memory of the slot found last: all who mark would write to it. <see cref="Dispose"/> when all threads have ended.
/// </remarks>
public sealed class DirtySlots : IDisposable
{
    private readonly ulong[] _firsts;
    private readonly DirtyBitmap[] _bitmaps;

    /// <summary>Makes slots without dirty pages.</summary>
    /// <param name="slots">First page and number of pages of each, 1 to <see cref="DirtyBitmap.MaximumPages"/>, ascending and apart. A slot's place here is its number.</param>
    /// <exception cref="ArgumentException">A slot has no pages, too many, or pages beyond 2^64, or begins before the end of the one before it.</exception>
    public DirtySlots(ReadOnlySpan<(ulong First, ulong Count)> slots)
    {
        for (int i = 0; i < slots.Length; i++)
        {
            (ulong first, ulong count) = slots[i];
            if (count == 0 || count > DirtyBitmap.MaximumPages)
                throw new ArgumentException($"Slot {i} has {count} pages; it must have from 1 to {DirtyBitmap.MaximumPages}.", nameof(slots));
            if (count - 1 > ulong.MaxValue - first)
                throw new ArgumentException($"Slot {i} would end beyond 2^64: from {first} on there are {0 - first} pages.", nameof(slots));
            if (i > 0 && (first < slots[i - 1].First || first - slots[i - 1].First < slots[i - 1].Count))
                throw new ArgumentException($"Slot {i} begins at {first}, before the end of slot {i - 1}.", nameof(slots));
        }

        _firsts = new ulong[slots.Length];
        _bitmaps = new DirtyBitmap[slots.Length];
        for (int i = 0; i < slots.Length; i++)
        {
            _firsts[i] = slots[i].First;
            _bitmaps[i] = new DirtyBitmap(slots[i].Count);
        }
    }

    /// <summary>How many slots there are.</summary>
    public int Count => _firsts.Length;

    /// <summary>The bitmap of a slot, whose pages count from the slot's first one; for all that a <see cref="DirtyBitmap"/> can do. The slots dispose it.</summary>
    /// <param name="slot">From 0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slot.</exception>
    public DirtyBitmap this[int slot] => _bitmaps[Checked(slot)];

    /// <summary>The first page of a slot.</summary>
    /// <param name="slot">From 0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such slot.</exception>
    public ulong FirstOf(int slot) => _firsts[Checked(slot)];

    /// <summary>Finds the slot of a page.</summary>
    /// <param name="page">Any number.</param>
    /// <param name="slot">The slot, or -1.</param>
    /// <param name="pageInSlot">The page, counted from the slot's first one, or 0.</param>
    /// <returns>False if the page lies between slots, or outside all.</returns>
    public bool TryFind(ulong page, out int slot, out ulong pageInSlot)
    {
        slot = LastFrom(page);
        if (slot >= 0 && page - _firsts[slot] < _bitmaps[slot].Pages)
        {
            pageInSlot = page - _firsts[slot];
            return true;
        }

        slot = -1;
        pageInSlot = 0;
        return false;
    }

    /// <summary>Marks a page dirty, as <see cref="DirtyBitmap.Mark"/> does.</summary>
    /// <param name="page">A page of a slot.</param>
    /// <exception cref="ArgumentOutOfRangeException">No slot has it.</exception>
    /// <exception cref="ObjectDisposedException">The slots are disposed.</exception>
    public void Mark(ulong page) => Find(page, out ulong pageInSlot).Mark(pageInSlot);

    /// <summary>Marks a page dirty and says whether it was clean.</summary>
    /// <param name="page">A page of a slot.</param>
    /// <returns>True if this call made it dirty: of concurrent ones, exactly one.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No slot has it.</exception>
    /// <exception cref="ObjectDisposedException">The slots are disposed.</exception>
    public bool TryMark(ulong page) => Find(page, out ulong pageInSlot).TryMark(pageInSlot);

    /// <summary>Whether a page is dirty. Any thread may change that at any time.</summary>
    /// <param name="page">A page of a slot.</param>
    /// <exception cref="ArgumentOutOfRangeException">No slot has it.</exception>
    /// <exception cref="ObjectDisposedException">The slots are disposed.</exception>
    public bool IsDirty(ulong page) => Find(page, out ulong pageInSlot).IsDirty(pageInSlot);

    /// <summary>Marks neighbouring pages dirty, across slots that touch: one atomic or for each word.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many pages, all of them in slots; 0 does nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">No slot has the first page, or one behind it; nothing was marked.</exception>
    /// <exception cref="ObjectDisposedException">The slots are disposed.</exception>
    public void MarkRange(ulong first, ulong count)
    {
        int slot = LastFrom(first);
        if (count == 0)
            return;

        // The end of the slots that touch, as far as the range goes.
        ulong held = 0;
        for (int i = slot; held < count; i++)
        {
            bool goesOn = i >= 0 && i < Count && (i == slot ? first - _firsts[i] < _bitmaps[i].Pages : _firsts[i] == first + held);
            if (!goesOn && held == 0)
                ThrowPage(nameof(first), first);
            if (!goesOn)
                throw new ArgumentOutOfRangeException(nameof(count), count, $"From page {first} on the slots have {held} pages without a gap.");
            held += _bitmaps[i].Pages - (i == slot ? first - _firsts[i] : 0);
        }

        for (; count != 0; slot++)
        {
            ulong pageInSlot = first - _firsts[slot];
            ulong part = Math.Min(count, _bitmaps[slot].Pages - pageInSlot);
            _bitmaps[slot].MarkRange(pageInSlot, part);
            first += part;
            count -= part;
        }
    }

    /// <summary>Marks all pages of all slots, as <see cref="DirtyBitmap.MarkAll"/> does: when it is not known any more which are dirty.</summary>
    /// <exception cref="ObjectDisposedException">The slots are disposed.</exception>
    public void MarkAll()
    {
        foreach (DirtyBitmap bitmap in _bitmaps)
            bitmap.MarkAll();
    }

    /// <summary>Takes all dirty pages, slot by slot and ascending, as 64-bit masks, and leaves them clean.</summary>
    /// <param name="sink">Takes the masks. If it throws, the mask that it did not take is dirty again, and so is all that was not reached.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">The slots are disposed.</exception>
    public void HarvestMasks<TSink>(ref TSink sink)
        where TSink : struct, IDirtySlotSink
    {
        for (int slot = 0; slot < Count; slot++)
        {
            var one = new OneSlot<TSink>(ref sink, slot);
            _bitmaps[slot].HarvestMasks(ref one);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DirtyBitmap bitmap in _bitmaps)
            bitmap.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private DirtyBitmap Find(ulong page, out ulong pageInSlot)
    {
        if (!TryFind(page, out int slot, out pageInSlot))
            ThrowPage(nameof(page), page);
        return _bitmaps[slot];
    }

    /// <summary>The last slot that does not begin behind a page, or -1.</summary>
    private int LastFrom(ulong page)
    {
        int low = 0;
        for (int high = Count; low < high;)
        {
            int middle = (int)((uint)(low + high) / 2);
            if (_firsts[middle] <= page)
                low = middle + 1;
            else
                high = middle;
        }

        return low - 1;
    }

    private int Checked(int slot) =>
        slot >= 0 && slot < Count ? slot : throw new ArgumentOutOfRangeException(nameof(slot), slot, $"There are {Count} slots.");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowPage(string name, ulong page) => throw new ArgumentOutOfRangeException(name, page, "No slot has this page.");

    private readonly ref struct OneSlot<TSink>(ref TSink sink, int slot) : IDirtyMaskSink
        where TSink : struct, IDirtySlotSink
    {
        private readonly ref TSink _sink = ref sink;
        private readonly int _slot = slot;

        public void Accept(ulong firstPage, ulong mask) => _sink.Accept(_slot, firstPage, mask);
    }
}
