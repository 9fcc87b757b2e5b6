using System.Runtime.CompilerServices;
using RingKit.Ordering;
using RingKit.Rings.Waiting;

namespace RingKit.Rings.Cores;

/// <summary>What each producer does, concurrently with the others.</summary>
internal sealed unsafe partial class MpscCore<T, TOrdering>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryPush(int producer, T item)
    {
        // Before the words are touched: after Dispose they are gone.
        ulong bound = _pushBound;
        if (bound == 0)
            return TryPushSlowly(producer, item);

        RoleLine* line = LineOf(producer);
        ulong tail = TOrdering.LoadRelaxed(ref *_tail);
        ulong known = TOrdering.LoadAcquire(ref *_knownHead);                         // E14: the slots before it are free
        if (MeetsOthers(line, tail)
            || tail - known >= bound
            || TOrdering.CompareExchangeRelease(ref *_tail, tail + 1, tail) != tail)     // E16
        {
            return TryPushSlowly(producer, item);
        }

        line->Next = tail + 1;
        TOrdering.WritePlain(ref ItemAt(tail), item);
        TOrdering.StoreRelease(ref StampAt(tail), MpscStamp.Published(tail));         // E12: publishes the item
        return true;
    }

    /// <summary>As many as there is room for, in neighbouring slots.</summary>
    public int TryPush(int producer, ReadOnlySpan<T> items)
    {
        ulong start = ClaimSlots(producer, (ulong)items.Length, overwrites: false, out int count);
        if (count == 0)
            return 0;

        CopyIn(start, items[..count]);
        Publish(start, count, count);
        return count;
    }

    /// <summary>Pushes as the ring's policy says, waiting where that is to block.</summary>
    /// <returns>How many were stored: all, unless the policy rejects or the time was up.</returns>
    public int Push<TWait>(int producer, ReadOnlySpan<T> items, TimeSpan timeout)
        where TWait : struct, IWaitStrategy
    {
        if (_policy == FullPolicy.OverwriteOldest)
            return PushOverwriting(producer, items);

        int pushed = TryPush(producer, items);
        if (_policy == FullPolicy.Reject || pushed == items.Length)
            return pushed;

        var waiter = new Waiter<TOrdering, TWait>(Room, timeout, ref _producers->Waits);
        try
        {
            while (pushed < items.Length && waiter.Pass())
                pushed += TryPush(producer, items[pushed..]);
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
        var waiter = new Waiter<TOrdering, TWait>(Room, timeout, ref _producers->Waits);
        try
        {
            while (FreeSlots((ulong)count, out _) < (ulong)count)
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

    public RingClaim<T> Claim(int producer, int maximum)
    {
        ulong start = ClaimSlots(producer, (ulong)maximum, overwrites: false, out int count);
        return new RingClaim<T>(this, start, count);
    }

    public override void Commit(ulong start, int claimed, int count)
    {
        ThrowIfDisposed();
        uint stamp = TOrdering.LoadRelaxed(ref StampAt(start));                       // ours: nobody else writes it while the claim is open
        if (stamp == MpscStamp.Published(start) || stamp == MpscStamp.Aborted(start))
            throw new InvalidOperationException("The claim was committed or aborted before, or the consumer has given it up.");
        Publish(start, claimed, count);
    }

    /// <summary>No more claims. What was claimed before may still be committed.</summary>
    public void Complete()
    {
        ThrowIfDisposed();
        TOrdering.FetchOrRelease(ref *_tail, SharedRingLayout.CompletedBit);          // E9: to whoever learns that no more comes
        Items.Wake();
    }

    /// <summary>Free slots as far as known, or, if that is less than wanted, as they are now; and the tail that this is true for.</summary>
    public ulong FreeSlots(ulong wanted, out ulong tail)
    {
        while (true)
        {
            ThrowIfDisposed();
            ulong known = TOrdering.LoadAcquire(ref *_knownHead);                     // E14
            tail = TOrdering.LoadRelaxed(ref *_tail);
            if (HasFlag(tail))
                throw new InvalidOperationException("The ring is completed: nothing can be pushed any more.");

            ulong used = tail - known;
            if (used <= Capacity && wanted <= Capacity - used)
                return Capacity - used;

            ulong head;
            Pacing pacing = default;
            do
                head = IndexOf(TOrdering.LoadAcquire(ref *_head));                    // E10: the slots before it are free
            while (Paces && pacing.LooksAgain(ref *_producers, head - known));

            tail = TOrdering.LoadAcquire(ref *_tail);                                 // E16: who claimed so far had seen the head so far
            ulong usedNow = IndexOf(tail) - head;
            if (HasFlag(tail))
                continue;

            if (usedNow <= Capacity)
            {
                if (head != known)
                    TOrdering.StoreRelease(ref *_knownHead, head);                    // E14: so do others know
                Counter<TOrdering>.RaiseTo(ref _producers->HighWater, usedNow);
                return Capacity - usedNow;
            }

            // The tail is ahead by more than a lap: the head has moved on since, as whoever claimed has seen, or somebody else writes here.
            if (IndexOf(TOrdering.LoadRelaxed(ref *_head)) == head)
            {
                Counter<TOrdering>.Add(ref _producers->Foreign, 1);
                return 0;
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryPushSlowly(int producer, T item)
    {
        ulong start = ClaimSlots(producer, 1, overwrites: false, out int count);
        if (count == 0)
            return false;

        TOrdering.WritePlain(ref ItemAt(start), item);
        Publish(start, 1, 1);
        return true;
    }

    // At most the capacity, and at least what is free, dropped slots included.
    private ulong ClaimSlots(int producer, ulong wanted, bool overwrites, out int count)
    {
        RoleLine* line = LineOf(producer);
        LetOthersPass(line);

        // What overwrites drops until it has what it wants. Otherwise more than the capacity stays as it is: no known head is enough for it, so
        // whoever gets a part, and waits for the rest, has looked at the head itself.
        if (overwrites)
            wanted = Math.Min(wanted, Capacity);
        while (true)
        {
            ulong free = FreeSlots(wanted, out ulong tail);
            if (free < wanted && overwrites && DropOldest())
                continue;

            count = (int)Math.Min(free, wanted);
            if (count == 0 || TOrdering.CompareExchangeRelease(ref *_tail, tail + (uint)count, tail) == tail)     // E16
            {
                line->Next = tail + (uint)count;
                return tail;
            }

            TOrdering.Pause();
        }
    }

    // Where the tail is not as this producer left it, another one is at work, and each claim takes the tail's line from one core to the
    // other. So it leaves the line to the other for a while, and then has it to itself: a hundred claims cost less in one place than in two.
    private void LetOthersPass(RoleLine* line)
    {
        if (!Paces || IsDisposed)
            return;

        Pacing pacing = default;
        ulong tail;
        do
            tail = IndexOf(TOrdering.LoadRelaxed(ref *_tail));
        while (pacing.LooksAgain(ref *line, tail - line->Next));
    }

    // A model of memory does not see the lines, and has no time.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool MeetsOthers(RoleLine* line, ulong tail) =>
        typeof(TOrdering) == typeof(HardwareOrdering) && line->Next != tail;

    private int PushOverwriting(int producer, ReadOnlySpan<T> items)
    {
        int pushed = 0;
        while (pushed < items.Length)
        {
            ulong start = ClaimSlots(producer, (ulong)(items.Length - pushed), overwrites: true, out int count);
            if (count == 0)
                break;

            CopyIn(start, items.Slice(pushed, count));
            Publish(start, count, count);
            pushed += count;
        }

        return pushed;
    }

    // Takes the oldest item away from the consumer, unless it is reading, or the item's own producer is still at it.
    private bool DropOldest()
    {
        ulong head = TOrdering.LoadRelaxed(ref *_head);
        if (HasFlag(head))
            return false;

        uint stamp = TOrdering.LoadAcquire(ref StampAt(head));                        // E12: its producer is done with the slot
        if (stamp != MpscStamp.Published(head) && stamp != MpscStamp.Aborted(head))
            return TOrdering.LoadRelaxed(ref *_head) != head;

        // Whoever claims the slot looks at the head for E10, and finds it behind this.
        if (TOrdering.CompareExchangeRelease(ref *_head, head + 1, head) == head)                     // E11: the slot is free, unread
            Counter<TOrdering>.Add(ref stamp == MpscStamp.Published(head) ? ref _producers->Dropped : ref _producers->Aborted, 1);
        return true;
    }

    // From the last to the first: the consumer, which stops at the first one that is missing, then finds all at once.
    private void Publish(ulong start, int claimed, int count)
    {
        for (int i = claimed - 1; i >= count; i--)
            TOrdering.StoreRelease(ref StampAt(start + (uint)i), MpscStamp.Aborted(start + (uint)i));     // E12
        for (int i = count - 1; i >= 0; i--)
            TOrdering.StoreRelease(ref StampAt(start + (uint)i), MpscStamp.Published(start + (uint)i));   // E12: publishes the items
        Items.Wake();
    }
}
