using System.Runtime.CompilerServices;
using RingKit.Rings.Waiting;

namespace RingKit.Rings.Cores;

/// <summary>What the producer does.</summary>
internal sealed unsafe partial class SpscCore<T, TOrdering>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPush(T item)
    {
        RoleLine* producer = _producer;
        ulong next = producer->Next;
        if (next - producer->Known >= _pushBound)
            return TryPushSlowly(item);

        TOrdering.WritePlain(ref ItemAt(next), item);
        producer->Next = next + 1;
        TOrdering.StoreRelease(ref *_tail, next + 1);                                 // E9: publishes the item
        return true;
    }

    /// <summary>As many as there is room for.</summary>
    public int TryPush(ReadOnlySpan<T> items)
    {
        int count = (int)Math.Min((ulong)items.Length, FreeSlots((ulong)items.Length));
        if (count == 0)
            return 0;

        CopyIn(_producer->Next, items[..count]);
        Publish(count);
        return count;
    }

    /// <summary>Drops what is oldest, as far as that is needed and allowed, and then pushes what there is room for.</summary>
    public int PushOverwriting(ReadOnlySpan<T> items)
    {
        int pushed = 0;
        while (pushed < items.Length)
        {
            ReadOnlySpan<T> chunk = items.Slice(pushed, (int)Math.Min((ulong)(items.Length - pushed), Capacity));
            ulong free = FreeSlots((ulong)chunk.Length);
            if (free < (ulong)chunk.Length)
                free += DropOldest((ulong)chunk.Length - free);
            if (free == 0)
                break;

            chunk = chunk[..(int)Math.Min((ulong)chunk.Length, free)];
            CopyIn(_producer->Next, chunk);
            Publish(chunk.Length);
            pushed += chunk.Length;
        }

        return pushed;
    }

    /// <summary>Pushes as the ring's policy says, waiting where that is to block.</summary>
    /// <returns>How many were stored: all, unless the policy rejects or the time was up.</returns>
    public int Push<TWait>(ReadOnlySpan<T> items, TimeSpan timeout)
        where TWait : struct, IWaitStrategy
    {
        if (_policy == FullPolicy.OverwriteOldest)
            return PushOverwriting(items);

        int pushed = TryPush(items);
        if (_policy == FullPolicy.Reject || pushed == items.Length)
            return pushed;

        var waiter = new Waiter<TOrdering, TWait>(Room, timeout, ref _producer->Waits);
        try
        {
            while (pushed < items.Length && waiter.Pass())
                pushed += TryPush(items[pushed..]);
        }
        finally
        {
            waiter.Dispose();
        }

        return pushed;
    }

    public WaitOutcome WaitForRoom<TWait>(int count, TimeSpan timeout)
        where TWait : struct, IWaitStrategy
    {
        var waiter = new Waiter<TOrdering, TWait>(Room, timeout, ref _producer->Waits);
        try
        {
            while (FreeSlots((ulong)count) < (ulong)count)
            {
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

    public RingClaim<T> Claim(int maximum)
    {
        int count = (int)Math.Min((ulong)maximum, FreeSlots((ulong)maximum));
        return new RingClaim<T>(this, _producer->Next, count);
    }

    public override void Commit(ulong start, int claimed, int count)
    {
        ThrowIfClosed();
        if (start != _producer->Next)
            throw new InvalidOperationException("Something was pushed, or this claim committed, since the claim was made.");
        if (count != 0)
            Publish(count);
    }

    /// <summary>No more items come. What was published stays to be taken.</summary>
    public void Complete()
    {
        ThrowIfDisposed();
        if (_producer->Closed != 0)
            return;

        TOrdering.StoreRelease(ref *_tail, _producer->Next | SharedRingLayout.CompletedBit);          // E9
        CloseProducer();
        Items.Wake();
    }

    /// <summary>Free slots as far as known, or, if that is less than wanted, as they are now.</summary>
    public ulong FreeSlots(ulong wanted)
    {
        ThrowIfClosed();
        ulong next = _producer->Next;
        ulong used = next - _producer->Known;
        if (wanted <= Capacity - used)
            return Capacity - used;

        ulong head;
        Pacing pacing = default;
        do
            head = IndexOf(TOrdering.LoadAcquire(ref *_head));                        // E10: the slots before it are ours again
        while (Paces && pacing.LooksAgain(ref *_producer, head - _producer->Known));

        ulong usedNow = next - head;
        if (usedNow > used)
        {
            // The head never goes back: someone else wrote it.
            _producer->Foreign++;
            return Capacity - used;
        }

        _producer->Known = head;
        _producer->HighWater = Math.Max(_producer->HighWater, usedNow);
        return Capacity - usedNow;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryPushSlowly(T item)
    {
        if (FreeSlots(1) == 0)
            return false;

        TOrdering.WritePlain(ref ItemAt(_producer->Next), item);
        Publish(1);
        return true;
    }

    // Takes the oldest items away from the consumer, unless it is reading them.
    private ulong DropOldest(ulong wanted)
    {
        ulong dropped = 0;
        while (dropped < wanted)
        {
            ulong head = TOrdering.LoadAcquire(ref *_head);                           // E10: the consumer may have made room
            if (HasFlag(head))
                break;

            ulong used = _producer->Next - head;
            if (used > _producer->Next - _producer->Known)
            {
                _producer->Foreign++;
                break;
            }

            // The consumer may have made room meanwhile.
            ulong freed = head - _producer->Known;
            _producer->Known = head;
            if (freed != 0)
            {
                dropped += freed;
                continue;
            }

            ulong drop = Math.Min(wanted - dropped, used);
            if (TOrdering.CompareExchangeAcquireRelease(ref *_head, head + drop, head) != head)       // E11: these slots are ours
                continue;

            _producer->Known = head + drop;
            _producer->Dropped += drop;
            dropped += drop;
        }

        return dropped;
    }

    private void Publish(int count)
    {
        ulong next = _producer->Next + (uint)count;
        _producer->Next = next;
        TOrdering.StoreRelease(ref *_tail, next);                                     // E9: publishes the items
        Items.Wake();
    }

    private void CloseProducer()
    {
        _producer->Closed = 1;
        _producer->Known = _producer->Next - Capacity;
    }

    private void ThrowIfClosed()
    {
        ThrowIfDisposed();
        if (_producer->Closed != 0)
            throw new InvalidOperationException("The ring is completed: nothing can be pushed any more.");
    }
}
