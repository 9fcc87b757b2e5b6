using System.Runtime.CompilerServices;
using RingKit.Rings.Waiting;

namespace RingKit.Rings.Cores;

/// <summary>What each reader does, on a cursor and a line of its own.</summary>
internal sealed unsafe partial class BroadcastCore<T, TOrdering>
{
    /// <summary>Any thread: takes a free cursor, and begins with the next item that is written.</summary>
    /// <returns>The reader's number, or -1 if there is no free cursor.</returns>
    public int Join()
    {
        ThrowIfDisposed();
        for (int reader = 0; reader < _readers; reader++)
        {
            ref ulong word = ref CursorAt(reader);
            ulong before = IndexOf(TOrdering.LoadRelaxed(ref *_tail));

            // E10: to whoever looks how far we lag.
            if (TOrdering.CompareExchangeRelease(ref word, before, SharedRingLayout.FreeCursor) != SharedRingLayout.FreeCursor)
                continue;

            // E17: behind its fence the line is ours, since the last reader has left it.
            ulong start = SettleAt(ref word, before);
            *LineOf(reader) = new RoleLine { Known = start };
            TOrdering.WritePlain(ref LineOf(reader)->Next, start);

            // The writer may have seen the cursor where it was first, and sleep until this reader makes room: it just has.
            Room.Wake();
            return reader;
        }

        return -1;
    }

    // Moves the new cursor to where its reader begins. The writer may have dropped, or detached, it already: nothing was read yet, so that
    // is no gap.
    private ulong SettleAt(ref ulong word, ulong joined)
    {
        while (true)
        {
            TOrdering.FullFence();                                                    // E15: joined, then looks where the writer is
            ulong start = Math.Max(joined, IndexOf(TOrdering.LoadRelaxed(ref *_tail)));
            ulong was = TOrdering.CompareExchangeRelease(ref word, start, joined);                    // E10: to whoever looks how far we lag
            if (was == joined)
                return start;

            // Detached: nobody else writes this cursor now, so it joins anew from here.
            joined = IsActive(was) ? was : start;
            if (!IsActive(was))
                TOrdering.StoreRelease(ref word, joined);                             // E10: to whoever looks how far we lag
        }
    }

    /// <summary>Gives the cursor back.</summary>
    public void Leave(int reader)
    {
        if (IsDisposed)
            return;

        TOrdering.StoreRelease(ref CursorAt(reader), SharedRingLayout.FreeCursor);    // E10: our reads are done; E17: and the line is free
        Room.Wake();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRead(int reader, out T item, out ulong gap)
    {
        RoleLine* line = LineOf(reader);
        ulong next = line->Next;

        // One comparison for nothing known, closed, and an index that cannot be.
        if (line->Known - next - 1 >= _readBound)
            return TryReadSlowly(reader, out item, out gap);

        item = TOrdering.ReadPlain(ref ItemAt(next));
        gap = 0;
        line->Next = next + 1;
        TOrdering.StoreRelease(ref CursorAt(reader), next + 1);                       // E10: our read is done
        return true;
    }

    public int Read(int reader, Span<T> destination, out ulong gap)
    {
        ulong start = Begin(reader, (ulong)destination.Length, out int count, out gap);
        CopyOut(start, destination[..count], isTentative: true);
        return End(reader, start + (uint)count) ? count : 0;
    }

    public RingLoan<T> Peek(int reader, int maximum)
    {
        ulong start = Begin(reader, (ulong)maximum, out int count, out ulong gap);
        if (count == 0)
            End(reader, start);
        return new RingLoan<T>(this, start, count, reader, gap);
    }

    public override void Release(ulong start, int count, int cursor)
    {
        ThrowIfDisposed();
        if (LineOf(cursor)->Next != start)
            throw new InvalidOperationException("Items were read, or this loan released, since the loan was made.");
        if (!End(cursor, start + (uint)count))
            throw new InvalidOperationException("The reader was detached while it read: what it saw may be torn.");
    }

    public bool IsDetached(int reader)
    {
        ThrowIfDisposed();
        return LineOf(reader)->Closed != 0 || TOrdering.LoadAcquire(ref CursorAt(reader)) == SharedRingLayout.DetachedCursor;   // E18
    }

    /// <summary>Items that the reader can take, without those that were overwritten.</summary>
    public ulong Available(int reader, ulong wanted, out bool isCompleted)
    {
        ThrowIfDisposed();
        isCompleted = false;
        RoleLine* line = LineOf(reader);
        ulong cursor = TOrdering.LoadRelaxed(ref CursorAt(reader));
        if (!IsActive(cursor))
            return 0;

        ulong next = _policy == LaggardPolicy.Block ? line->Next : IndexOf(cursor);
        ulong known = line->Known - next;
        if (known <= Capacity && wanted <= known && wanted != 0)
            return known;

        ulong word;
        Pacing pacing = default;
        do
            word = TOrdering.LoadAcquire(ref *_tail);                                 // E9: the items before it are published
        while (_paces && pacing.LooksAgain(ref *line, IndexOf(word) - next));

        ulong available = IndexOf(word) - next;
        if (available > Capacity)
        {
            // A cursor that the writer moves may have passed the tail that we still see, or be a lap behind it.
            if (_policy == LaggardPolicy.Block)
                line->Foreign++;
            return 0;
        }

        isCompleted = HasFlag(word);
        line->Known = IndexOf(word);
        line->HighWater = Math.Max(line->HighWater, available);
        return available;
    }

    public WaitOutcome WaitForItems<TWait>(int reader, TimeSpan timeout)
        where TWait : struct, IWaitStrategy
    {
        var waiter = new Waiter<TOrdering, TWait>(Items, timeout, ref LineOf(reader)->Waits);
        try
        {
            while (Available(reader, 1, out bool isCompleted) == 0)
            {
                if (isCompleted)
                    return WaitOutcome.Completed;
                if (IsDetached(reader))
                    return WaitOutcome.Detached;
                if (!waiter.Pass())
                    return WaitOutcome.TimedOut;
            }
        }
        finally
        {
            waiter.Dispose();
        }

        return WaitOutcome.Ready;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryReadSlowly(int reader, out T item, out ulong gap)
    {
        ulong start = Begin(reader, 1, out int count, out gap);
        item = count != 0 ? TOrdering.ReadTentative(ref ItemAt(start)) : default;
        if (End(reader, start + (uint)count))
            return count != 0;

        item = default;
        return false;
    }

    // Where a read begins, and of how many items. Where laggards lose items, the cursor is locked from here to End.
    private ulong Begin(int reader, ulong wanted, out int count, out ulong gap)
    {
        ThrowIfDisposed();
        gap = 0;
        count = 0;
        RoleLine* line = LineOf(reader);
        if (_policy != LaggardPolicy.Block)
        {
            if (!LockCursor(reader, out ulong cursor))
                return line->Next;

            gap = cursor - line->Next;
            line->Dropped += gap;
            line->Next = cursor;
        }

        count = (int)Math.Min(wanted, Available(reader, wanted, out _));
        return line->Next;
    }

    // False if the reader was thrown out meanwhile: what it read may be torn.
    private bool End(int reader, ulong next)
    {
        RoleLine* line = LineOf(reader);
        ulong ours = _policy == LaggardPolicy.Block ? line->Next : line->Next | SharedRingLayout.LockedBit;
        if (next == ours)
            return true;

        if (TOrdering.CompareExchangeRelease(ref CursorAt(reader), next, ours) != ours)               // E10: our reads are done; E11: unlocked
        {
            line->Closed = 1;
            return false;
        }

        bool moved = next != line->Next;
        TOrdering.WritePlain(ref line->Next, next);
        if (moved)
            Room.Wake();
        return true;
    }

    // Only the reader locks: a cursor that is locked already is that of a loan which was never released. In no order, unlike the head of a
    // ring of one consumer: what moves a cursor that is locked at times is a read-modify-write, and hands on what the one before released.
    private bool LockCursor(int reader, out ulong cursor)
    {
        ref ulong word = ref CursorAt(reader);
        cursor = TOrdering.LoadRelaxed(ref word);
        while (IsActive(cursor) && !HasFlag(cursor))
        {
            ulong was = TOrdering.CompareExchangeRelaxed(ref word, cursor | SharedRingLayout.LockedBit, cursor);
            if (was == cursor)
                break;
            cursor = was;
        }

        if (!IsActive(cursor))
        {
            LineOf(reader)->Closed = 1;
            return false;
        }

        cursor = IndexOf(cursor);
        return true;
    }
}
