using System.Runtime.CompilerServices;
using RingKit.Rings.Waiting;

namespace RingKit.Rings.Cores;

/// <summary>What the consumer does.</summary>
internal sealed unsafe partial class SpscCore<T, TOrdering>
{
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
        End(start + (uint)count, count);
        return count;
    }

    public RingLoan<T> Peek(int maximum)
    {
        ulong start = Begin((ulong)maximum, out int count);
        if (count == 0)
            End(start, 0);
        return new RingLoan<T>(this, start, count);
    }

    public override void Release(ulong start, int count, int cursor)
    {
        ThrowIfDisposed();
        if (_consumer->Next != start)
            throw new InvalidOperationException("Items were popped, or this loan released, since the loan was made.");
        End(start + (uint)count, count);
    }

    /// <summary>Items that can be taken, as far as known, or, if that is less than wanted, as it is now.</summary>
    public ulong Available(ulong wanted, out bool isCompleted)
    {
        ThrowIfDisposed();
        isCompleted = false;
        ulong next = _policy == FullPolicy.OverwriteOldest ? IndexOf(TOrdering.LoadRelaxed(ref *_head)) : _consumer->Next;
        ulong known = _consumer->Known - next;
        if (known <= Capacity && wanted <= known && wanted != 0)
            return known;

        ulong word;
        Pacing pacing = default;
        do
            word = TOrdering.LoadAcquire(ref *_tail);                                 // E9: the items before it are published
        while (Paces && pacing.LooksAgain(ref *_consumer, IndexOf(word) - next));

        ulong available = IndexOf(word) - next;
        if (available > Capacity)
        {
            // In a ring that overwrites the head may have passed the tail that we still see, or be a lap behind it.
            if (_policy != FullPolicy.OverwriteOldest)
                _consumer->Foreign++;
            return 0;
        }

        isCompleted = HasFlag(word);
        _consumer->Known = IndexOf(word);
        _consumer->HighWater = Math.Max(_consumer->HighWater, available);
        return available;
    }

    public WaitOutcome WaitForItems<TWait>(TimeSpan timeout)
        where TWait : struct, IWaitStrategy
    {
        var waiter = new Waiter<TOrdering, TWait>(Items, timeout, ref _consumer->Waits);
        try
        {
            while (Available(1, out bool isCompleted) == 0)
            {
                if (isCompleted)
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

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryPopSlowly(out T item)
    {
        ulong start = Begin(1, out int count);
        item = count != 0 ? TOrdering.ReadPlain(ref ItemAt(start)) : default;
        End(start + (uint)count, count);
        return count != 0;
    }

    // Where a read begins, and of how many items. A ring that overwrites has its head locked from here to End.
    private ulong Begin(ulong wanted, out int count)
    {
        if (_policy == FullPolicy.OverwriteOldest)
            LockHead();
        count = (int)Math.Min(wanted, Available(wanted, out _));
        return _consumer->Next;
    }

    private void End(ulong next, int count)
    {
        if (count == 0 && _policy != FullPolicy.OverwriteOldest)
            return;

        _consumer->Next = next;
        TOrdering.StoreRelease(ref *_head, next);   // E10: our reads are done; E11: and the head is unlocked
        if (count != 0)
            Room.Wake();
    }

    // Only the consumer locks: a head that is locked already is that of a loan which was never released.
    private void LockHead()
    {
        ThrowIfDisposed();
        ulong head = TOrdering.LoadRelaxed(ref *_head);
        while (!HasFlag(head))
        {
            ulong was = TOrdering.CompareExchangeAcquire(ref *_head, head | SharedRingLayout.LockedBit, head);   // E11
            if (was == head)
                break;
            head = was;
        }

        _consumer->Next = IndexOf(head);
    }
}
