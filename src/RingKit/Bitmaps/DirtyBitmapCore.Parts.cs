using System.Numerics;
using System.Runtime.CompilerServices;

namespace RingKit.Bitmaps;

/// <summary>Harvests of a part, with a cursor and a budget; the same without taking; and clearing: loops over <see cref="Next"/>.</summary>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering>
{
    /// <summary>Hands the dirty pages of a part to a sink, as masks.</summary>
    /// <param name="sink">Takes the masks.</param>
    /// <param name="cursor">Where to begin; moved to where to go on, which is the first page not taken if the sink throws.</param>
    /// <param name="end">The page behind the part.</param>
    /// <param name="maximumPages">How many dirty pages at most.</param>
    /// <param name="takes">Whether the pages are clean afterwards, or only looked at.</param>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <returns>How many dirty pages the sink was given.</returns>
    public ulong Masks<TSink>(ref TSink sink, ref ulong cursor, ulong end, ulong maximumPages, bool takes)
        where TSink : struct, IDirtyMaskSink, allows ref struct
    {
        Part part = PartOf(cursor, end, maximumPages);
        ulong offeredFirst = 0;
        ulong offeredMask = 0;
        try
        {
            while (Next(ref part, takes, out ulong firstPage, out ulong mask))
            {
                offeredFirst = firstPage;
                offeredMask = mask;
                sink.Accept(firstPage, mask);
            }
        }
        catch
        {
            if (takes)
                PutBack(offeredFirst, offeredMask);
            cursor = offeredFirst + (uint)BitOperations.TrailingZeroCount(offeredMask);
            throw;
        }

        cursor = part.Reached;
        GC.KeepAlive(this);
        return maximumPages - part.Room;
    }

    /// <summary>The same as runs.</summary>
    public ulong Runs<TSink>(ref TSink sink, ref ulong cursor, ulong end, ulong maximumPages, bool takes)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        Part part = PartOf(cursor, end, maximumPages);
        RunJoiner joiner = default;
        try
        {
            while (Next(ref part, takes, out ulong firstPage, out ulong mask))
                joiner.Add(ref sink, firstPage, mask);
            joiner.Flush(ref sink);
        }
        catch
        {
            // It is the sink that has thrown, so there is such a run.
            (ulong first, ulong count) = joiner.UndeliveredRun;
            if (takes && _pages != 0)
            {
                MarkRange(first, count);
                PutBack(joiner.UnreadMask.FirstPage, joiner.UnreadMask.Mask);
            }

            cursor = first;
            throw;
        }

        cursor = part.Reached;
        GC.KeepAlive(this);
        return maximumPages - part.Room;
    }

    /// <summary>The same as single pages, as many as there is room for.</summary>
    public int Indices(Span<ulong> destination, ref ulong cursor, ulong end, bool takes)
    {
        Part part = PartOf(cursor, end, (ulong)destination.Length);
        int count = 0;
        while (Next(ref part, takes, out ulong firstPage, out ulong mask))
        {
            for (; mask != 0; mask &= mask - 1)
                destination[count++] = firstPage + (uint)BitOperations.TrailingZeroCount(mask);
        }

        cursor = part.Reached;
        GC.KeepAlive(this);
        return count;
    }

    /// <summary>Cleans the pages of one word, and says which of them were dirty.</summary>
    public ulong ClearMask(ulong firstPage, ulong mask)
    {
        if (firstPage >= _pages || firstPage % 64 != 0)
            ThrowFirstPage(firstPage);
        ulong wereDirty = Take((nuint)(firstPage >> 6), mask) & mask;
        GC.KeepAlive(this);
        return wereDirty;
    }

    /// <summary>Cleans neighbouring pages, and says how many of them were dirty.</summary>
    public ulong ClearRange(ulong first, ulong count)
    {
        Part part = PartOf(first, EndOf(first, count), ulong.MaxValue);
        while (Next(ref part, takes: true, out _, out _))
        {
        }

        GC.KeepAlive(this);
        return ulong.MaxValue - part.Room;
    }

    /// <summary>The page behind a range, which must lie within the bitmap.</summary>
    internal ulong EndOf(ulong first, ulong count)
    {
        if (first > _pages || count > _pages - first)
            ThrowRange(first, count, nameof(first), nameof(count));
        return first + count;
    }

    private Part PartOf(ulong cursor, ulong end, ulong maximumPages)
    {
        ThrowIfDisposed();
        if (end > Pages)
            throw new ArgumentOutOfRangeException(nameof(end), end, $"The bitmap has {Pages} pages.");
        if (cursor > end)
            throw new ArgumentOutOfRangeException(nameof(cursor), cursor, $"The part ends at page {end}.");

        // A part that goes to the end of the bitmap drops what strays behind it, as a whole harvest does.
        return new Part
        {
            Scan = new Scan { Next = (nuint)(cursor >> 6) },
            FirstWord = (nuint)(cursor >> 6),
            FirstMask = ulong.MaxValue << (int)cursor,
            EndWord = (nuint)WordsFor(end),
            LastMask = end == Pages ? ulong.MaxValue : ulong.MaxValue >> (int)((0 - end) & 63),
            End = end,
            Room = maximumPages,
            Reached = cursor,
        };
    }

    /// <summary>The dirty pages of the part's next word that has any, as many as there is room for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Next(ref Part part, bool takes, out ulong firstPage, out ulong mask)
    {
        while (part.Room != 0)
        {
            if (part.Scan.Pending == 0)
            {
                nuint next = part.Scan.Next;
                part.Scan.Group = FindGroup(ref next, Math.Min(part.EndWord, _wordCount), out ulong found);
                (part.Scan.Next, part.Scan.Pending) = (next, found);
            }

            // A sink may dispose the bitmap: then no word is left.
            nuint word = part.Scan.Group + (nuint)BitOperations.TrailingZeroCount(part.Scan.Pending);
            if (part.Scan.Pending == 0 || word >= _wordCount)
            {
                part.Reached = part.End;
                break;
            }

            part.Scan.Pending &= part.Scan.Pending - 1;
            firstPage = (ulong)word << 6;
            ulong wanted = part.WantedOf(word);
            bool isLast = false;
            if (wanted != ulong.MaxValue || part.Room < 64)
            {
                // No more than is seen now, or a mark made meanwhile could exceed the room; and what strays, which needs none.
                ulong valid = ValidBits(word);
                ulong seen = TOrdering.LoadRelaxed(ref _words[word]) & wanted & valid;
                ulong fitting = LowestBits(seen, (int)Math.Min(part.Room, 64));
                isLast = fitting != seen;
                wanted = isLast ? fitting : seen | (wanted & ~valid);
                if (wanted == 0)
                    continue;
            }

            mask = takes
                ? Take(word, wanted)
                : TOrdering.LoadAcquire(ref _words[word]) & wanted & ValidBits(word); // E4: who looks sees the stores behind the bits
            part.Room -= (uint)BitOperations.PopCount(mask);
            part.Reached = isLast ? firstPage + 64 - (uint)BitOperations.LeadingZeroCount(wanted) : Math.Min(firstPage + 64, part.End);

            // The word has more than there was room for: the part ends here. Even if another thread has cleared some of what was wanted and
            // there is room again: the scan has left the word.
            if (isLast)
                (part.End, part.Scan) = (part.Reached, new Scan { Next = part.EndWord });
            if (mask != 0)
                return true;
        }

        (firstPage, mask) = (0, 0);
        return false;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ThrowFirstPage(ulong firstPage)
    {
        ThrowIfDisposed();
        throw new ArgumentOutOfRangeException(
            nameof(firstPage), firstPage, $"A mask's first page is a multiple of 64 and one of the bitmap's pages 0 to {Pages - 1}.");
    }

    /// <summary>What of a bitmap is looked at, how far that has come, and how much may still be taken.</summary>
    private struct Part
    {
        public Scan Scan;
        public nuint FirstWord;
        public ulong FirstMask;
        public nuint EndWord;
        public ulong LastMask;
        public ulong End;
        public ulong Room;
        public ulong Reached;

        public readonly ulong WantedOf(nuint word) =>
            (word == FirstWord ? FirstMask : ulong.MaxValue) & (word + 1 == EndWord ? LastMask : ulong.MaxValue);
    }
}
