using System.Numerics;
using System.Runtime.CompilerServices;
using RingKit.Bitmaps.Harvesting;

namespace RingKit.Bitmaps;

/// <summary>Harvests into runs.</summary>
/// <remarks>
/// Where words have few runs, each is delivered between its word's atomic step and the next one, in as few instructions as it takes: the step overlaps with
/// the arithmetic around it, but of what stands between two, eight instructions retire in a cycle. Nothing is stored but what a failing sink would leave behind.
/// Where they have many, a branch a run is dear: words are decoded by <see cref="RunForm"/>, and runs delivered some hundred at a time. So they are under
/// disciplines that order many takes at once.
/// </remarks>
internal sealed unsafe partial class DirtyBitmapCore<TOrdering>
{
    // Runs a word from which on decoding without a branch is faster: bench/BitmapHarvestBenchmarks, 10 % random has six, 5 % three.
    private const ulong ManyRuns = 3;

    /// <summary>The same as <see cref="Masks"/>, as runs that join across words.</summary>
    [SkipLocalsInit]
    public ulong Runs<TMarking, TSink>(ref TSink sink, ref ulong cursor, ulong end, ulong maximumPages, bool takes)
        where TMarking : struct, IMarking
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        Part part = PartOf(cursor, end, maximumPages);
        var joiner = new RunJoiner(stackalloc ulong[RunJoiner.Room]);
        int delivered = 0;
        RunsLeft left = default;
        try
        {
            bool isMore = TMarking.TestsFirst || DeliverFewRuns(ref part, ref sink, ref left, takes);
            if (isMore)
                joiner.Reopen(ref left);
            while (isMore)
            {
                nuint wordsBefore = part.WholeWords;
                isMore = joiner.AddFrom(this, ref part, takes);
                if (!isMore)
                    joiner.Close();
                if (!joiner.Closed.IsEmpty)
                    TMarking.OrderTakes<TOrdering>();
                ulong runs = (ulong)joiner.Closed.Length / 2;
                RunJoiner.Deliver(joiner.Closed, ref sink, ref delivered);
                joiner.Drop(ref delivered);
                if (isMore && !TMarking.TestsFirst && runs < (part.WholeWords - wordsBefore) * ManyRuns)
                {
                    joiner.HandOver(ref left);
                    isMore = DeliverFewRuns(ref part, ref sink, ref left, takes);
                    joiner.Reopen(ref left);
                }
            }
        }
        catch
        {
            joiner.Drop(ref delivered);
            joiner.Close();
            cursor = PutBack(joiner.Closed, left, takes, cursor);
            throw;
        }

        cursor = part.Reached;
        GC.KeepAlive(this);
        return maximumPages - part.Room;
    }

    // Until the part is through, or a group had many runs a word: whether it was that.
    private bool DeliverFewRuns<TSink>(ref Part part, ref TSink sink, ref RunsLeft left, bool takes)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        while (FindWord(ref part, out nuint word))
        {
            if (!takes || !part.IsWhole(word))
            {
                ulong unused = 0;
                left.Deliver((ulong)word << 6, NextCut(ref part, takes, word), ref sink, ref unused);
                continue;
            }

            if (DeliverWholeRuns(ref part, ref sink, ref left))
            {
                left.EndWord();
                return true;
            }
        }

        left.Finish(ref sink);
        return false;
    }

    // As DeliverWhole. Whether the last group had many runs a word.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool DeliverWholeRuns<TSink>(ref Part part, ref TSink sink, ref RunsLeft left)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        bool isMany;
        do
        {
            ulong rest = part.PendingWhole;
            ulong words = (ulong)BitOperations.PopCount(rest);
            long mostPages = MostPagesAlive(part);
            long room = mostPages;
            ulong* group = _words + part.Group;
            ulong firstPage = (ulong)part.Group << 6;
            ulong runs = 0;
            bool isScattered = true;
            do
            {
                ulong page;
                ulong mask;
                if (isScattered && left.OpenEnd == 0)
                {
                    ulong rests = rest;
                    long rooms = room;
                    mask = DeliverScattered(group, firstPage, ref rests, ref rooms, ref sink, ref left);
                    page = left.FirstPage;
                    isScattered = (rest & (rest - 1)) != rests;
                    runs += (ulong)(room - rooms);
                    (rest, room) = (rests, rooms);
                }
                else
                {
                    ulong word = WordBits.LowestPlace(rest);
                    rest &= rest - 1;
                    mask = TakeAll(ref group[word]);
                    page = firstPage + (word << 6);
                }

                room -= (long)left.Deliver(page, mask, ref sink, ref runs);
            }
            while (rest != 0 && (ulong)room < _pages);                                // not if it is negative; a sink may dispose the bitmap

            part.MoveTo(rest, (ulong)(mostPages - room));
            isMany = runs >= words * ManyRuns;
        }
        while (!isMany && NextWhole(ref part));

        return isMany;
    }

    // Words in which no two pages are neighbours and the last is clean, while no run is open: where few pages are dirty, nearly all. Up to a word that is
    // different: its pages, taken and not delivered; or 0. A method of its own, where all stays in registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong DeliverScattered<TSink>(ulong* group, ulong firstPage, ref ulong words, ref long mostPages, ref TSink sink, ref RunsLeft left)
        where TSink : struct, IDirtyRunSink, allows ref struct
    {
        ulong rest = words;
        long room = mostPages;
        ulong mask;
        do
        {
            ulong word = WordBits.LowestPlace(rest);
            rest &= rest - 1;
            mask = TakeAll(ref group[word]);
            ulong page = firstPage + (word << 6);
            left.FirstPage = page;
            if ((mask & (mask << 1 | 1UL << 63)) != 0)
                break;

            for (; mask != 0; mask &= mask - 1)
            {
                left.Mask = mask;
                room--;
                sink.Accept(page + WordBits.LowestPlace(mask), 1);
            }
        }
        while (rest != 0 && (ulong)room < _pages);

        (words, mostPages) = (rest, room);
        return mask;
    }

    // One test says whether there is room and the bitmap is not disposed, if the room is less than the bitmap's pages.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long MostPagesAlive(in Part part) => Math.Min(part.MostPages, (long)_pages - 1);

    // What a sink did not take; the first page of it, or the cursor as it was.
    private ulong PutBack(ReadOnlySpan<ulong> closed, in RunsLeft left, bool takes, ulong cursor)
    {
        if (!closed.IsEmpty)
            cursor = closed[0];
        else if (left.First != RunsLeft.Nothing)
            cursor = left.First;
        if (!takes)
            return cursor;

        for (; !closed.IsEmpty; closed = closed[2..])
            PutBackRange(closed[0], closed[1] - closed[0]);
        PutBackRange(left.OpenStart, left.OpenCount);
        PutBack(left.FirstPage, left.Mask);
        return cursor;
    }

    // A run reaches over words; its sink may have disposed the bitmap.
    private void PutBackRange(ulong first, ulong count)
    {
        if (_pages != 0)
            MarkRange(first, count);
    }
}
