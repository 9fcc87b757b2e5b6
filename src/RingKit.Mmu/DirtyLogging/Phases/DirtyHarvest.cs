using System.Numerics;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging.Phases;

/// <summary>The pages of one harvest, held until they are confirmed or put back: the first phase of a transfer that may fail.</summary>
/// <remarks>
/// It exists only when the log has protected the pages again and no vCPU can use an older translation any more. So the contents that
/// <see cref="PageOf"/> reads are those of the harvest or newer, and a page that is stored to from then on is in the next harvest: harvest, reset,
/// copy, in the only order in which no write is lost.
/// <para>
/// What is put back comes with the next harvest of any kind, joined with what was written meanwhile. Harvests may overlap: each puts back its own
/// pages. <see cref="IDirtyLog.Stop"/> forgets; what a harvest from before it puts back is nothing. <see cref="IDirtyLog.Clear"/> leaves the pages that are held.
/// </para>
/// Thread role: one thread at a time, while vCPUs run and others harvest the log.
/// </remarks>
public sealed class DirtyHarvest : IDisposable
{
    private readonly IHarvestSource _source;
    private readonly DirtyWordList _list;
    private readonly ulong _session;
    private bool _isDisposed;

    // Where the last look-up ended: pages are mostly asked for in their order.
    private int _recent;

    internal DirtyHarvest(IHarvestSource source, DirtyWordList list, ulong session)
    {
        _source = source;
        _list = list;
        _session = session;
        PageCount = list.PageCount;
    }

    /// <summary>How many pages it holds: those taken, without those that were confirmed or put back.</summary>
    public ulong PageCount { get; private set; }

    internal int WordCount => _list.Count;

    /// <summary>The pages that it holds, ascending by slot and page, each once.</summary>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public DirtyPagesEnumerator GetEnumerator()
    {
        ThrowIfDisposed();
        return new DirtyPagesEnumerator(this);
    }

    /// <summary>Shows the pages that it holds, ascending by slot and page, each once. They stay held, even if the sink throws.</summary>
    /// <param name="sink">Is shown the pages, at offsets that are multiples of 64. It may read their contents, and confirm or put back what it has seen.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public void Deliver<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink, allows ref struct
    {
        foreach (DirtyPages pages in this)
            sink.Accept(pages.Slot, pages.BaseOffset, pages.Mask);
    }

    /// <summary>Whether a page is held.</summary>
    /// <param name="slot">A slot of the log's machine.</param>
    /// <param name="offset">Page index inside the slot.</param>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The slot has no such page.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public bool Holds(MemorySlot slot, ulong offset)
    {
        ThrowIfDisposed();
        _source.Memory.CheckPages(slot, offset, 1);
        int index = IndexOf(DirtyWord.KeyOf(slot, offset / 64));
        return index >= 0 && (_list.Words[index].Mask >> (int)(offset % 64) & 1) != 0;
    }

    /// <summary>The contents of a page that is held.</summary>
    /// <param name="slot">The page's slot.</param>
    /// <param name="offset">Page index inside the slot.</param>
    /// <returns>
    /// The guest's own bytes, valid until the machine or its memory is disposed. vCPUs may change them; a page that they change is in the next harvest.
    /// </returns>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's, has no bytes, or the page is not held.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The slot has no such page.</exception>
    /// <exception cref="ObjectDisposedException">This, or the guest's memory, is disposed.</exception>
    public ReadOnlySpan<byte> PageOf(MemorySlot slot, ulong offset)
    {
        if (!Holds(slot, offset))
            throw new ArgumentException($"Page {offset} of slot {slot.Id} is not held by this harvest.", nameof(offset));
        if (slot.Memory.Length == 0)
            throw new ArgumentException($"Slot {slot.Id} has no bytes.", nameof(slot));
        return slot.Memory.Slice((nuint)offset << GuestPage.Shift, GuestPage.Size).AsSpan();
    }

    /// <summary>Copies the contents of a page that is held.</summary>
    /// <param name="slot">The page's slot.</param>
    /// <param name="offset">Page index inside the slot.</param>
    /// <param name="destination">At least <see cref="GuestPage.Size"/> bytes.</param>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The destination is too short, the slot is another machine's, has no bytes, or the page is not held.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The slot has no such page.</exception>
    /// <exception cref="ObjectDisposedException">This, or the guest's memory, is disposed.</exception>
    public void CopyTo(MemorySlot slot, ulong offset, Span<byte> destination) => PageOf(slot, offset).CopyTo(destination);

    /// <summary>All pages have arrived: none is held any longer.</summary>
    /// <returns>How many pages that were.</returns>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public ulong Confirm()
    {
        ThrowIfDisposed();
        return ReleaseAll();
    }

    /// <summary>Some pages have arrived.</summary>
    /// <param name="slot">Their slot.</param>
    /// <param name="baseOffset">Page index inside the slot; need not be a multiple of 64.</param>
    /// <param name="mask">Bit i stands for page <paramref name="baseOffset"/> + i.</param>
    /// <returns>How many of them were held. The others are passed over.</returns>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The slot does not have these pages; nothing was confirmed.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public ulong Confirm(MemorySlot slot, ulong baseOffset, ulong mask) => Release(slot, baseOffset, mask, putsBack: false);

    /// <summary>Puts all pages that are still held back into the log: the transfer has failed.</summary>
    /// <returns>How many pages that were.</returns>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public ulong PutBack()
    {
        ThrowIfDisposed();
        _source.TakeBack(_list.Words, _session);
        return ReleaseAll();
    }

    /// <summary>Puts some pages back.</summary>
    /// <param name="slot">Their slot.</param>
    /// <param name="baseOffset">Page index inside the slot; need not be a multiple of 64.</param>
    /// <param name="mask">Bit i stands for page <paramref name="baseOffset"/> + i.</param>
    /// <returns>How many of them were held. The others are passed over.</returns>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The slot does not have these pages; nothing was put back.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public ulong PutBack(MemorySlot slot, ulong baseOffset, ulong mask) => Release(slot, baseOffset, mask, putsBack: true);

    /// <summary>Puts back what is still held.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        PutBack();
        _isDisposed = true;
        _list.Dispose();
    }

    /// <summary>Puts back the pages of all other slots.</summary>
    internal void PutBackAllBut(MemorySlot slot)
    {
        foreach (ref DirtyWord word in _list.Words)
        {
            if (word.Ordinal == slot.Ordinal)
                continue;
            _source.TakeBack([word], _session);
            PageCount -= (uint)BitOperations.PopCount(word.Mask);
            word = word with { Mask = 0 };
        }
    }

    internal DirtyPages PagesAt(int index)
    {
        DirtyWord word = _list.Words[index];
        return new DirtyPages(_source.Memory.Slots[word.Ordinal], word.Word * 64, word.Mask);
    }

    private ulong Release(MemorySlot slot, ulong baseOffset, ulong mask, bool putsBack)
    {
        ThrowIfDisposed();
        _source.Memory.CheckPages(slot, baseOffset, mask);
        int shift = (int)(baseOffset % 64);
        ulong key = DirtyWord.KeyOf(slot, baseOffset / 64);
        ulong released = ReleaseWord(key, mask << shift, putsBack);
        return shift == 0 ? released : released + ReleaseWord(key + 1, mask >> (64 - shift), putsBack);
    }

    private ulong ReleaseWord(ulong key, ulong mask, bool putsBack)
    {
        int index = mask == 0 ? -1 : IndexOf(key);
        if (index < 0)
            return 0;
        ref DirtyWord word = ref _list.Words[index];
        var released = new DirtyWord(key, word.Mask & mask);
        if (putsBack)
            _source.TakeBack([released], _session);
        word = new DirtyWord(key, word.Mask & ~mask);
        ulong pages = (uint)BitOperations.PopCount(released.Mask);
        PageCount -= pages;
        return pages;
    }

    private ulong ReleaseAll()
    {
        ulong pages = PageCount;
        _list.Clear();
        PageCount = 0;
        return pages;
    }

    /// <summary>The place of a word, or a negative number.</summary>
    private int IndexOf(ulong key)
    {
        ReadOnlySpan<DirtyWord> words = _list.Words;
        for (int i = _recent; i < Math.Min(_recent + 2, words.Length); i++)
        {
            if (words[i].Key == key)
                return _recent = i;
        }

        int low = 0;
        for (int high = words.Length; low < high;)
        {
            int middle = (int)((uint)(low + high) / 2);
            if (words[middle].Key < key)
                low = middle + 1;
            else
                high = middle;
        }

        return low < words.Length && words[low].Key == key ? _recent = low : -1;
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_isDisposed, this);
}
