using System.Runtime.CompilerServices;
using RingKit.Memory;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Ordering;

namespace RingKit.Mmu.HashTable.Slots;

/// <summary>Which pages of a slot are known to be changed and were not reported yet: a bit a page.</summary>
/// <remarks>Thread role: all threads mark, one at a time takes.</remarks>
internal sealed unsafe class ChangedPages<TOrdering> : IDisposable
    where TOrdering : struct, IOrdering
{
    // Invariant: WordCount words, kept by the lease until Dispose. Offsets are checked where gfns come in; Mark cuts ranges off at the last page.
    private readonly ulong* _words;
    private readonly ulong _pageCount;
    private readonly NativeLease _lease;

    public ChangedPages(ulong pageCount)
    {
        _pageCount = pageCount;
        WordCount = (pageCount + 63) / 64;
        _lease = NativeLease.Allocate((nuint)WordCount, CacheLine.Separation, out NativeView<ulong> words);
        _words = words.DangerousPointer;
    }

    public ulong WordCount { get; }

    /// <summary>Marks pages, those within the slot.</summary>
    public void Mark(ulong offset, ulong count)
    {
        ulong end = Math.Min(_pageCount, offset + count);
        while (offset < end)
        {
            ulong mask = MaskFrom(offset, end, out ulong inWord);
            MarkWord(offset >> 6, mask);
            offset += inWord;
        }
    }

    /// <summary>Marks pages of a word, all of them within the slot.</summary>
    public void MarkWord(ulong word, ulong mask) => TOrdering.OrRelease(ref _words[word], mask);   // E4

    /// <summary>Whether all these pages, as far as they are within the slot, are marked.</summary>
    public bool Holds(ulong offset, ulong count)
    {
        ulong end = Math.Min(_pageCount, offset + count);
        while (offset < end)
        {
            ulong mask = MaskFrom(offset, end, out ulong inWord);
            if ((TOrdering.LoadRelaxed(ref _words[offset >> 6]) & mask) != mask)
                return false;
            offset += inWord;
        }

        return true;
    }

    /// <summary>Takes 64 pages' marks.</summary>
    /// <param name="word">Which 64 pages.</param>
    public ulong Take(ulong word) =>
        TOrdering.LoadRelaxed(ref _words[word]) == 0 ? 0 : TOrdering.ExchangeAcquire(ref _words[word], 0);   // E4

    /// <summary>The same for pages whose marks stay, of the past bug <see cref="HashTableDefects.FetchClearsLater"/>.</summary>
    public ulong Look(ulong word) => TOrdering.LoadRelaxed(ref _words[word]);

    /// <summary>Takes the marks that were seen, and all others with them: the past bug <see cref="HashTableDefects.FetchClearsLater"/>.</summary>
    public void Overwrite(ulong word) => TOrdering.StoreRelaxed(ref _words[word], 0);

    /// <summary>Hands 64 pages' marks that were taken to a sink. If it throws, they are marks again.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void HandOver<TSink>(MemorySlot slot, ulong word, ulong mask, ref TSink sink)
        where TSink : struct, IHashSlotSink, allows ref struct
    {
        try
        {
            sink.Accept(slot, word, mask);
        }
        catch
        {
            MarkWord(word, mask);
            throw;
        }
    }

    /// <summary>Forgets all marks.</summary>
    public void Forget()
    {
        for (ulong word = 0; word < WordCount; word++)
            Take(word);
    }

    public void Dispose() => _lease.Dispose();

    private static ulong MaskFrom(ulong offset, ulong end, out ulong inWord)
    {
        int bit = (int)(offset & 63);
        inWord = Math.Min(64 - (ulong)bit, end - offset);
        return ulong.MaxValue >> (int)(64 - inWord) << bit;
    }
}
