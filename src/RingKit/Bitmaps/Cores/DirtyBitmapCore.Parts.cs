using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RingKit.Bitmaps.Harvesting;
using RingKit.Ordering;

namespace RingKit.Bitmaps.Cores;

/// <summary>Taking the words of a part, and clearing.</summary>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering>
{
    /// <summary>Cleans the pages of one word, and says which of them were dirty.</summary>
    public ulong ClearMask<TMarking>(ulong firstPage, ulong mask)
        where TMarking : struct, IMarking
    {
        if (firstPage >= _pages || firstPage % 64 != 0)
            ThrowFirstPage(firstPage);
        ulong wereDirty = Take((nuint)(firstPage >> 6), mask) & mask;
        if (wereDirty != 0)
            TMarking.OrderTakes<TOrdering>();
        GC.KeepAlive(this);
        return wereDirty;
    }

    /// <summary>Cleans neighbouring pages, and says how many of them were dirty.</summary>
    [SkipLocalsInit]
    public ulong ClearRange<TMarking>(ulong first, ulong count)
        where TMarking : struct, IMarking
    {
        Part part = PartOf(first, EndOf(first, count), ulong.MaxValue);
        Span<(ulong FirstPage, ulong Mask)> batch = stackalloc (ulong, ulong)[64];
        while (NextBatch(ref part, takes: true, batch) != 0)
        {
        }

        ulong wereDirty = ulong.MaxValue - part.Room;
        if (wereDirty != 0)
            TMarking.OrderTakes<TOrdering>();
        GC.KeepAlive(this);
        return wereDirty;
    }

    /// <summary>The page behind a range, which must lie within the bitmap.</summary>
    internal ulong EndOf(ulong first, ulong count)
    {
        if (first > _pages || count > _pages - first)
            ThrowRange(first, count, nameof(first), nameof(count));
        return first + count;
    }

    /// <summary>The part from a cursor to an end, of which so many pages may be taken.</summary>
    internal Part PartOf(ulong cursor, ulong end, ulong maximumPages)
    {
        ThrowIfDisposed();
        if (end > Pages)
            throw new ArgumentOutOfRangeException(nameof(end), end, $"The bitmap has {Pages} pages.");
        if (cursor > end)
            throw new ArgumentOutOfRangeException(nameof(cursor), cursor, $"The part ends at page {end}.");

        // A part that goes to the end of the bitmap drops what strays behind it.
        return new Part
        {
            Next = (nuint)(cursor >> 6),
            EndWord = (nuint)WordsFor(end),
            FirstWhole = (nuint)WordsFor(cursor),
            EndWhole = (nuint)(end >> 6),
            FirstMask = ulong.MaxValue << (int)cursor,
            LastMask = end == Pages ? ulong.MaxValue : ulong.MaxValue >> (int)((0 - end) & 63),
            End = end,
            Room = maximumPages,
            Reached = cursor,
        };
    }

    /// <summary>The dirty pages of the part's next words, as many as there is room for.</summary>
    /// <param name="part">Is moved on.</param>
    /// <param name="takes">Whether the pages are clean afterwards, or only looked at.</param>
    /// <param name="batch">Filled from its start with masks that are not 0.</param>
    /// <returns>How many words; 0 if nothing is left, or no room, or a sink has disposed the bitmap.</returns>
    internal int NextBatch(ref Part part, bool takes, Span<(ulong FirstPage, ulong Mask)> batch)
    {
        nuint count = 0;
        ulong state = 0;
        TakeInto<MaskForm>(ref part, takes, MemoryMarshal.Cast<(ulong FirstPage, ulong Mask), ulong>(batch), ref count, ref state);
        return (int)(count / 2);
    }

    /// <summary>Takes words, each to be written in a form, until the part is through or the places may not do for another word.</summary>
    /// <param name="part">Is moved on.</param>
    /// <param name="takes">Whether the pages are clean afterwards, or only looked at.</param>
    /// <param name="room">The places.</param>
    /// <param name="count">How many are used.</param>
    /// <param name="state">What the form keeps from word to word.</param>
    /// <typeparam name="TForm">The form.</typeparam>
    /// <returns>Whether it was the places.</returns>
    internal bool TakeInto<TForm>(ref Part part, bool takes, Span<ulong> room, ref nuint count, ref ulong state)
        where TForm : struct, IWordForm
    {
        nint lastStart = room.Length - TForm.PlacesAWord;
        while (FindWord(ref part, out nuint word))
        {
            if ((nint)count > lastStart)
                return true;

            if (takes && part.IsWhole(word))
            {
                TakeWhole<TForm>(ref part, room, ref count, ref state);
                continue;
            }

            ulong mask = NextCut(ref part, takes, word);
            ref ulong first = ref MemoryMarshal.GetReference(room);
            ref ulong next = ref TForm.Write((ulong)word << 6, mask, ref Unsafe.Add(ref first, count), ref state);
            count = (nuint)Unsafe.ByteOffset(ref first, ref next) / sizeof(ulong);
        }

        return false;
    }

    // Pending words that the part has wholly, in a method of its own, where all stays in registers: a store to the stack between two atomic
    // steps is one that the later step waits for.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TakeWhole<TForm>(ref Part part, Span<ulong> room, ref nuint count, ref ulong state)
        where TForm : struct, IWordForm
    {
        // Invariant: as many places as a word needs are left when one is written; the group's words are the bitmap's.
        ref ulong start = ref MemoryMarshal.GetReference(room);
        ref ulong next = ref Unsafe.Add(ref start, count);
        ref ulong lastNext = ref Unsafe.Add(ref start, room.Length - TForm.PlacesAWord);
        ulong inner = state;
        do
        {
            ulong rest = part.PendingWhole;
            long mostPages = part.MostPages;
            long left = mostPages;
            ulong* group = _words + part.Group;
            ulong firstPage = (ulong)part.Group << 6;
            do
            {
                int word = BitOperations.TrailingZeroCount(rest);
                rest &= rest - 1;
                ulong mask = TakeAll(ref group[word]);
                left -= BitOperations.PopCount(mask);
                next = ref TForm.Write(firstPage + ((ulong)word << 6), mask, ref next, ref inner);
            }
            while (rest != 0 && !Unsafe.IsAddressGreaterThan(ref next, ref lastNext) && left >= 0);

            part.MoveTo(rest, (ulong)(mostPages - left));
        }
        while (!Unsafe.IsAddressGreaterThan(ref next, ref lastNext) && NextWhole(ref part));

        state = inner;
        count = (nuint)Unsafe.ByteOffset(ref start, ref next) / sizeof(ulong);
    }

    // The group behind the one that is done, if the part has all of it, and it is dirty: dirty pages have neighbours, and to go on at once costs less than to search.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool NextWhole(ref Part part)
    {
        nuint next = part.Next;
        if (typeof(TOrdering) != typeof(HardwareOrdering) || part.Pending != 0 || next + 64 > part.EndWhole || part.Room < 64 || _pages == 0)
            return false;
        ulong pending = NonZeroScan.NonZeroInGroup(in *_words, next);
        if (pending == 0)
            return false;
        (part.Group, part.Pending, part.Next) = (next, pending, next + 64);
        return true;
    }

    // The part's next word that may be dirty; none if there is no room, or a sink has disposed the bitmap.
    private bool FindWord(ref Part part, out nuint word)
    {
        word = 0;
        if (part.Room == 0 || _pages == 0 || (part.Pending == 0 && !FindPending(ref part)))
            return false;
        word = part.Group + (nuint)BitOperations.TrailingZeroCount(part.Pending);
        return true;
    }

    private bool FindPending(ref Part part)
    {
        if (part.Next < part.EndWord)
        {
            nuint next = part.Next;
            part.Group = FindGroup(ref next, part.EndWord, out part.Pending);
            part.Next = next;
        }

        if (part.Pending == 0)
            part.Reached = part.End;
        return part.Pending != 0;
    }

    // A word at the edge of the part or of the bitmap, or one that there may be no room for.
    private ulong NextCut(ref Part part, bool takes, nuint word)
    {
        part.Pending &= part.Pending - 1;
        ulong firstPage = (ulong)word << 6;

        // No more than is seen now, or a mark made meanwhile could exceed the room; and what strays, which needs none.
        ulong inPart = part.MaskOf(word);
        ulong valid = ValidBits(word);
        ulong seen = TOrdering.LoadRelaxed(ref _words[word]) & inPart & valid;
        ulong fitting = TrackedPages.LowestBits(seen, (int)Math.Min(part.Room, 64));
        bool isLast = fitting != seen;
        ulong wanted = isLast ? fitting : seen | (inPart & ~valid);
        if (wanted == 0)
            return 0;

        ulong mask = takes ? Take(word, wanted) : LookAt(word) & wanted;
        part.Room -= (uint)BitOperations.PopCount(mask);
        part.Reached = isLast ? firstPage + 64 - (uint)BitOperations.LeadingZeroCount(wanted) : Math.Min(firstPage + 64, part.End);

        // The word has more than there was room for: the part ends here. Even if another thread has cleared some of what was wanted and
        // there is room again: the scan has left the word.
        if (isLast)
            (part.End, part.Next, part.Pending) = (part.Reached, part.EndWord, 0);
        return mask;
    }

    // The scan answers with hints. On hardware it reads vectors, which no ordering knows; a model of memory decides about each word, or it
    // would never show a harvest that looked before the mark.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private nuint FindGroup(ref nuint from, nuint end, out ulong nonZero)
    {
        if (typeof(TOrdering) == typeof(HardwareOrdering))
            return NonZeroScan.FindGroup(in *_words, ref from, end, out nonZero);

        nuint word = from;
        while (word < end && TOrdering.LoadRelaxed(ref _words[word]) == 0)
            word++;
        from = Math.Min(word + 1, end);
        nonZero = word == end ? 0UL : 1UL;
        return word;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong TakeAll(ref ulong word) => TOrdering.ExchangeAcquire(ref word, 0);     // E4: the stores behind the bits are visible

    private ulong Take(nuint word, ulong wanted)
    {
        ulong taken = wanted == ulong.MaxValue
            ? TakeAll(ref _words[word])
            : TOrdering.FetchAndNotAcquire(ref _words[word], wanted) & wanted;        // E4
        ulong valid = ValidBits(word);
        if ((taken & ~valid) != 0)
            StrayBits += (uint)BitOperations.PopCount(taken & ~valid);
        return taken & valid;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowFirstPage(ulong firstPage)
    {
        ThrowIfDisposed();
        throw new ArgumentOutOfRangeException(
            nameof(firstPage), firstPage, $"A mask's first page is a multiple of 64 and one of the bitmap's pages 0 to {Pages - 1}.");
    }
}
