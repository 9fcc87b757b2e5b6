using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Rings.Cores;

/// <summary>The state of a ring between one producer and one consumer. One part class an end; see docs/rings.md.</summary>
internal sealed unsafe partial class SpscCore<T, TOrdering> : RingCore<T, TOrdering>
    where T : unmanaged
    where TOrdering : struct, IOrdering
{
    // Slots [head, tail) belong to the consumer, the others to the producer. The producer hands over by a release store of the tail (E9),
    // the consumer by one of the head (E10). Each end counts in an index of its own and remembers the other's as it last saw it, which can
    // only be too cautious; so it touches the other's line once for all the items that it then knows of. The shared indices are never read
    // back by whoever writes them.
    //
    // A ring that overwrites has a second way for the head to move: the producer takes the oldest item itself, by a compare-exchange from h
    // to h + n. So the consumer locks the head while it reads, and the producer drops nothing from a locked head (E11).

    // Invariant: both lie in _start's header, or in _lines, which this object keeps.
    private readonly ulong* _tail;
    private readonly ulong* _head;
    private readonly RoleLine* _producer;
    private readonly RoleLine* _consumer;

    private readonly FullPolicy _policy;

    // The capacity; or 0 where every call has to take the slow path: a disposed ring, one that wakes sleepers, and one whose head is
    // locked.
    private ulong _pushBound;
    private ulong _popBound;

    public SpscCore(NativeView<byte> memory, in RingShape shape, bool canSleep, bool isShared)
        : base(memory, shape, lines: 2, canSleep, isShared)
    {
        _policy = (FullPolicy)shape.Policy;
        _tail = (ulong*)(_start + SharedRingLayout.TailOffset);
        _head = (ulong*)(_start + SharedRingLayout.HeadOffset);
        _producer = _lines;
        _consumer = _lines + 1;

        ulong head = IndexOf(TOrdering.LoadAcquire(ref *_head));                      // E10
        ulong tail = TOrdering.LoadRelaxed(ref *_tail);
        if (IndexOf(tail) - head > Capacity)
            throw new InvalidDataException($"The ring's tail {IndexOf(tail)} is not within {Capacity} items of its head {head}.");

        _producer->Next = IndexOf(tail);
        _producer->Known = head;
        _consumer->Next = _consumer->Known = head;
        if (HasFlag(tail))
            CloseProducer();
        _pushBound = canSleep ? 0 : Capacity;
        _popBound = canSleep || _policy == FullPolicy.OverwriteOldest ? 0 : Capacity;
    }

    /// <summary>Any thread: items published and not taken; exact only while neither happens.</summary>
    public ulong Count
    {
        get
        {
            ThrowIfDisposed();
            ulong head = IndexOf(TOrdering.LoadAcquire(ref *_head));                  // E10, E11: the tail has come as far
            ulong count = IndexOf(TOrdering.LoadRelaxed(ref *_tail)) - head;
            return Math.Min(count, Capacity);
        }
    }

    public RingStatistics Statistics
    {
        get
        {
            ThrowIfDisposed();
            ulong head = IndexOf(TOrdering.LoadAcquire(ref *_head));                  // E10, E11: the tail has come as far
            ulong dropped = TOrdering.LoadRelaxed(ref _producer->Dropped);
            return new RingStatistics
            {
                Published = IndexOf(TOrdering.LoadRelaxed(ref *_tail)),
                Consumed = head - Math.Min(head, dropped),
                Dropped = dropped,
                HighWaterMark = Math.Max(
                    TOrdering.LoadRelaxed(ref _producer->HighWater), TOrdering.LoadRelaxed(ref _consumer->HighWater)),
                ProducerWaits = TOrdering.LoadRelaxed(ref _producer->Waits),
                ConsumerWaits = TOrdering.LoadRelaxed(ref _consumer->Waits),
                ForeignIndices = TOrdering.LoadRelaxed(ref _producer->Foreign) + TOrdering.LoadRelaxed(ref _consumer->Foreign),
            };
        }
    }

    private protected override void CloseFastPaths() => _pushBound = _popBound = 0;
}
