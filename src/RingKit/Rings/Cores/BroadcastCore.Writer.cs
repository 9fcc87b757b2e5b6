using System.Runtime.CompilerServices;
using RingKit.Rings.Waiting;

namespace RingKit.Rings.Cores;

/// <summary>What the writer does; several writers take turns.</summary>
internal sealed unsafe partial class BroadcastCore<T, TOrdering>
{
    // A laggard loses a sixteenth of the ring at a time, so that a reader which sleeps does not cost the writer a compare-exchange an item.
    private const int DropsPerLap = 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryWrite(T item)
    {
        RoleLine* writer = _writer;
        ulong next = writer->Next;
        if (next - writer->Known >= _writeBound)
            return TryWriteSlowly(item);

        TOrdering.WritePlain(ref ItemAt(next), item);
        writer->Next = next + 1;
        TOrdering.StoreRelease(ref *_tail, next + 1);                                 // E9: publishes the item
        return true;
    }

    /// <summary>As many as there is room for, once the laggards were dealt with.</summary>
    public int TryWrite(ReadOnlySpan<T> items)
    {
        bool locked = TakeTurn();
        try
        {
            int written = 0;
            while (written < items.Length)
            {
                ulong wanted = Math.Min((ulong)(items.Length - written), Capacity);
                int count = (int)Math.Min(wanted, FreeSlots(wanted));
                if (count == 0)
                    break;

                CopyIn(_writer->Next, items.Slice(written, count));
                Publish(count);
                written += count;
            }

            return written;
        }
        finally
        {
            EndTurn(locked);
        }
    }

    /// <summary>All items, waiting for readers that cannot be passed.</summary>
    /// <returns>How many were stored: all, unless the time was up.</returns>
    public int Write<TWait>(ReadOnlySpan<T> items, TimeSpan timeout)
        where TWait : struct, IWaitStrategy
    {
        int written = TryWrite(items);
        if (written == items.Length)
            return written;

        var waiter = new Waiter<TOrdering, TWait>(Room, timeout, ref _writer->Waits);
        try
        {
            while (written < items.Length && waiter.Pass())
                written += TryWrite(items[written..]);
        }
        finally
        {
            waiter.Dispose();
        }

        return written;
    }

    public RingClaim<T> Claim(int maximum)
    {
        if (_turn is not null)
            throw new InvalidOperationException("Several writers take turns in whole calls: a claim is for a ring with one writer.");

        int count = (int)Math.Min((ulong)maximum, FreeSlots(Math.Min((ulong)maximum, Capacity)));
        return new RingClaim<T>(this, _writer->Next, count);
    }

    public override void Commit(ulong start, int claimed, int count)
    {
        ThrowIfClosed();
        if (start != _writer->Next)
            throw new InvalidOperationException("Something was written, or this claim committed, since the claim was made.");
        if (count != 0)
            Publish(count);
    }

    /// <summary>No more items come. What was published stays to be read.</summary>
    public void Complete()
    {
        bool locked = TakeTurn();
        try
        {
            ThrowIfDisposed();
            if (_writer->Closed != 0)
                return;

            _writer->Closed = 1;
            _writer->Known = _writer->Next - Capacity;
            TOrdering.StoreRelease(ref *_tail, _writer->Next | SharedRingLayout.CompletedBit);        // E9
        }
        finally
        {
            EndTurn(locked);
        }

        Items.Wake();
    }

    /// <summary>Throws a reader out, even while it reads: for one that is known to have died.</summary>
    public void Detach(int reader)
    {
        ThrowIfDisposed();
        CheckReader(reader);
        ulong cursor = TOrdering.LoadRelaxed(ref CursorAt(reader));
        while (IsActive(cursor))
        {
            // E10: for the dead reader, whose reads are done; E18: to one that lives.
            ulong was = TOrdering.CompareExchangeRelease(ref CursorAt(reader), SharedRingLayout.DetachedCursor, cursor);
            if (was == cursor)
                break;
            cursor = was;
        }

        Items.Wake();
        Room.Wake();
    }

    /// <summary>Gives the cursor of a detached reader to who joins next: for one that will never leave, since its process is gone.</summary>
    /// <returns>False if no detached reader holds it.</returns>
    public bool Free(int reader)
    {
        ThrowIfDisposed();
        CheckReader(reader);

        // In no order: the dead reader reads nothing any more, and the writer has not counted it since it was detached.
        return TOrdering.CompareExchangeRelaxed(ref CursorAt(reader), SharedRingLayout.FreeCursor, SharedRingLayout.DetachedCursor)
            == SharedRingLayout.DetachedCursor;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryWriteSlowly(T item)
    {
        bool locked = TakeTurn();
        try
        {
            if (FreeSlots(1) == 0)
                return false;

            TOrdering.WritePlain(ref ItemAt(_writer->Next), item);
            Publish(1);
            return true;
        }
        finally
        {
            EndTurn(locked);
        }
    }

    // Free slots as far as known, or, if that is less than wanted, as the cursors say now, laggards dropped or detached by the policy.
    private ulong FreeSlots(ulong wanted)
    {
        ThrowIfClosed();
        ulong next = _writer->Next;
        ulong used = next - _writer->Known;
        if (wanted <= Capacity - used)
            return Capacity - used;

        TOrdering.FullFence();                                                        // E15: published, then looks for readers
        ulong usedNow;
        Pacing pacing = default;
        do
            usedNow = GreatestLag(next, wanted);
        while (_paces && pacing.LooksAgain(ref *_writer, used - Math.Min(used, usedNow)));

        _writer->Known = next - usedNow;
        _writer->HighWater = Math.Max(_writer->HighWater, usedNow);
        return Capacity - usedNow;
    }

    private ulong GreatestLag(ulong next, ulong wanted)
    {
        ulong greatest = 0;
        for (int reader = 0; reader < _readers; reader++)
            greatest = Math.Max(greatest, LagOf(reader, next, wanted));
        return greatest;
    }

    // What a reader still has to read, after the policy has had its way with it.
    private ulong LagOf(int reader, ulong next, ulong wanted)
    {
        while (true)
        {
            ref ulong word = ref CursorAt(reader);
            ulong cursor = TOrdering.LoadAcquire(ref word);                           // E10: the slots before it are read
            if (!IsActive(cursor))
                return 0;

            // A reader that is just joining may be any number of laps behind; nobody is ahead of us.
            ulong lag = next - IndexOf(cursor);
            if ((long)lag < 0)
            {
                _writer->Foreign++;
                return 0;
            }

            if (lag <= Capacity - wanted)
                return lag;
            if (_policy == LaggardPolicy.Block || HasFlag(cursor))
                return Math.Min(lag, Capacity);

            ulong target = _policy == LaggardPolicy.Detach ? SharedRingLayout.DetachedCursor : AfterDrop(cursor, next, wanted);

            // E11: the slots are ours. To whoever looks how far a reader lags, E15's fence has released the tail.
            if (TOrdering.CompareExchangeAcquire(ref word, target, cursor) != cursor)
                continue;
            if (_policy == LaggardPolicy.Detach)
            {
                Items.Wake();
                return 0;
            }

            _writer->Dropped += target - cursor;
            return next - target;
        }
    }

    private ulong AfterDrop(ulong cursor, ulong next, ulong wanted)
    {
        ulong least = next + wanted - Capacity;
        return Math.Min(next, Math.Max(least, cursor + (Capacity / DropsPerLap)));
    }

    private void Publish(int count)
    {
        ulong next = _writer->Next + (uint)count;
        _writer->Next = next;
        TOrdering.StoreRelease(ref *_tail, next);                                     // E9: publishes the items
        Items.Wake();
    }

    private bool TakeTurn()
    {
        if (_turn is null)
            return false;

        Monitor.Enter(_turn);
        return true;
    }

    private void EndTurn(bool locked)
    {
        if (locked)
            Monitor.Exit(_turn!);
    }

    private void CheckReader(int reader)
    {
        if ((uint)reader >= (uint)_readers)
            throw new ArgumentOutOfRangeException(nameof(reader), reader, $"The readers are numbered from 0 to {_readers - 1}.");
    }

    private void ThrowIfClosed()
    {
        ThrowIfDisposed();
        if (_writer->Closed != 0)
            throw new InvalidOperationException("The ring is completed: nothing can be written any more.");
    }
}
