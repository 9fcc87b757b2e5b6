using System.Runtime.CompilerServices;
using RingKit.Rings.Waiting;

namespace RingKit.Rings.Cores;

/// <summary>What the consumer does.</summary>
internal sealed unsafe partial class MpscCore<T, TOrdering>
{
    // How far a look for one item goes beyond it.
    private const ulong LookAhead = 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPop(out T item)
    {
        RoleLine* consumer = _consumer;
        ulong next = consumer->Next;

        // One comparison for nothing known, closed, and an index that cannot be.
        if (consumer->Known - next - 1 >= _popBound)
            return TryPopSlowly(out item);

        item = TOrdering.ReadPlain(ref ItemAt(next));
        consumer->Next = next + 1;
        TOrdering.StoreRelease(ref *_head, next + 1);                                 // E10: our read is done
        return true;
    }

    public int TryPop(Span<T> destination)
    {
        ulong start = Begin((ulong)destination.Length, out int count);
        CopyOut(start, destination[..count]);
        End(start + (uint)count);
        return count;
    }

    public RingLoan<T> Peek(int maximum)
    {
        ulong start = Begin((ulong)maximum, out int count);
        if (count == 0)
            End(start);
        return new RingLoan<T>(this, start, count);
    }

    public override void Release(ulong start, int count, int cursor)
    {
        ThrowIfDisposed();
        if (_consumer->Next != start)
            throw new InvalidOperationException("Items were popped, or this loan released, since the loan was made.");
        End(start + (uint)count);
    }

    /// <summary>Items that can be taken together, as far as known, or, if that is less than wanted, as it is now.</summary>
    public ulong Available(ulong wanted)
    {
        ThrowIfDisposed();
        ulong start = Begin(wanted, out int count);
        End(start);
        return (uint)count;
    }

    /// <summary>Whether no claim can come any more, and all that were made have been taken.</summary>
    public bool IsCompleted()
    {
        ThrowIfDisposed();
        ulong tail = TOrdering.LoadAcquire(ref *_tail);                               // E9
        return HasFlag(tail) && Available(1) == 0 && IndexOf(tail) == _consumer->Next;
    }

    public WaitOutcome WaitForItems<TWait>(TimeSpan timeout)
        where TWait : struct, IWaitStrategy
    {
        var waiter = new Waiter<TOrdering, TWait>(Items, timeout, ref _consumer->Waits);
        try
        {
            while (Available(1) == 0)
            {
                if (IsCompleted())
                    return WaitOutcome.Completed;
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

    /// <summary>Gives up the oldest claim, whose producer is known to have died.</summary>
    public bool SkipUncommitted()
    {
        ulong start = Begin(1, out int count);
        ulong claimed = IndexOf(TOrdering.LoadRelaxed(ref *_tail)) - start;
        bool skips = count == 0 && claimed - 1 < Capacity;
        if (skips)
        {
            // As if the dead producer had aborted it itself. Who looks at the stamp in no order finds that the head has passed it.
            TOrdering.StoreRelaxed(ref StampAt(start), MpscStamp.Aborted(start));
            _consumer->Aborted++;
            start++;
        }

        End(start);
        return skips;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryPopSlowly(out T item)
    {
        ulong start = Begin(1, out int count);
        item = count != 0 ? TOrdering.ReadPlain(ref ItemAt(start)) : default;
        End(start + (uint)count);
        return count != 0;
    }

    // Where a read begins, behind aborted claims, and of how many items. A ring that overwrites has its head locked from here to End.
    private ulong Begin(ulong wanted, out int count)
    {
        ThrowIfDisposed();
        if (_policy == FullPolicy.OverwriteOldest)
            LockHead();

        RoleLine* consumer = _consumer;
        ulong next = consumer->Next;
        ulong known = consumer->Known - next;
        if (known > Capacity)
            known = 0;                                                                // the head was moved past what we knew
        if (wanted > known)
            known = Look(ref next, known, wanted);
        count = (int)Math.Min(wanted, known);
        return next;
    }

    // Looks a little further than was asked.
    private ulong Look(ref ulong next, ulong known, ulong wanted)
    {
        ulong limit = Math.Min(Math.Max(wanted, LookAhead), Capacity);
        Pacing pacing = default;
        do
            known = CountPublished(ref next, known, limit);
        while (Paces && pacing.LooksAgain(ref *_consumer, known));

        _consumer->Next = next;
        _consumer->Known = next + known;
        _consumer->HighWater = Math.Max(_consumer->HighWater, known);
        return known;
    }

    // From the known ones on; steps over aborted claims at the front.
    private ulong CountPublished(ref ulong next, ulong known, ulong limit)
    {
        while (known < limit)
        {
            uint stamp = TOrdering.LoadAcquire(ref StampAt(next + known));            // E12: the item is published
            if (stamp == MpscStamp.Published(next + known))
            {
                known++;
                continue;
            }

            if (stamp != MpscStamp.Aborted(next + known) || known != 0)
                break;

            next++;
            _consumer->Aborted++;
        }

        return known;
    }

    private void End(ulong next)
    {
        ulong head = TOrdering.LoadRelaxed(ref *_head);
        _consumer->Next = next;
        if (next == head)
            return;

        TOrdering.StoreRelease(ref *_head, next);   // E10: our reads are done; E11: and the head is unlocked
        if (next != IndexOf(head))
            Room.Wake();
    }

    // Only the consumer locks: a head that is locked already is that of a loan which was never released.
    private void LockHead()
    {
        ulong head = TOrdering.LoadRelaxed(ref *_head);
        while (!HasFlag(head))
        {
            ulong was = TOrdering.CompareExchangeAcquire(ref *_head, head | SharedRingLayout.LockedBit, head);   // E11
            if (was == head)
            {
                _consumer->Next = head;
                return;
            }

            head = was;
        }
    }
}
