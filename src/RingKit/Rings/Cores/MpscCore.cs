using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Rings.Cores;

/// <summary>The state of a ring between many producers and one consumer. One part class an end; see docs/rings.md.</summary>
internal sealed unsafe partial class MpscCore<T, TOrdering> : RingCore<T, TOrdering>
    where T : unmanaged
    where TOrdering : struct, IOrdering
{
    // A producer claims slots by moving the tail, fills them, and publishes each by its stamp (E12): the tail says only who fills what, and,
    // to producers, how far the head was for sure (E16). The consumer takes the slots in order, as far as they are stamped, and hands them
    // back by the head (E10). A producer that finds room by what another producer has seen of the head gets the consumer's edge through
    // that word (E14).
    //
    // Stamps name the index, so nobody clears them: a slot is published for this lap when its stamp is this index's.

    // Invariant: all lie in _start's memory, one stamp for each slot, or in _lines, which this object keeps.
    private readonly ulong* _tail;
    private readonly ulong* _head;
    private readonly ulong* _knownHead;
    private readonly uint* _stamps;
    private readonly RoleLine* _producers;
    private readonly RoleLine* _consumer;

    // A producer that has a line of its own there knows what it did last. Threads may share one: what it says are hints, and no more.
    private const int ProducerLines = 16;

    private readonly FullPolicy _policy;
    private uint _producersMade;

    // The capacity; or 0 where every call has to take the slow path: a disposed ring, one that wakes sleepers, and one whose head is
    // locked.
    private ulong _pushBound;
    private ulong _popBound;

    public MpscCore(NativeView<byte> memory, in RingShape shape, bool canSleep, bool isShared)
        : base(memory, shape, lines: 2 + ProducerLines, canSleep, isShared)
    {
        _policy = (FullPolicy)shape.Policy;
        _tail = (ulong*)(_start + SharedRingLayout.TailOffset);
        _head = (ulong*)(_start + SharedRingLayout.HeadOffset);
        _knownHead = (ulong*)(_start + SharedRingLayout.KnownHeadOffset);
        _stamps = (uint*)(_start + SharedRingLayout.StampsOffset(shape.Cursors));
        _producers = _lines;
        _consumer = _lines + 1;

        ulong head = IndexOf(TOrdering.LoadAcquire(ref *_head));                      // E10
        ulong used = IndexOf(TOrdering.LoadAcquire(ref *_tail)) - head;               // E16

        // Producers in other processes may be at work: the tail may have moved since, but never by more than the head.
        if (used > Capacity && IndexOf(TOrdering.LoadRelaxed(ref *_head)) == head)
            throw new InvalidDataException($"The ring's tail is {used} items ahead of its head, and its capacity is {Capacity}.");

        _consumer->Next = _consumer->Known = head;
        _pushBound = canSleep ? 0 : Capacity;
        _popBound = canSleep || _policy == FullPolicy.OverwriteOldest ? 0 : Capacity;
    }

    /// <summary>Any thread: items claimed and not taken; exact only while neither happens.</summary>
    public ulong Count
    {
        get
        {
            ThrowIfDisposed();
            ulong head = IndexOf(TOrdering.LoadAcquire(ref *_head));                  // E10, E11: the tail has come as far
            return Math.Min(IndexOf(TOrdering.LoadRelaxed(ref *_tail)) - head, Capacity);
        }
    }

    public RingStatistics Statistics
    {
        get
        {
            ThrowIfDisposed();
            ulong head = IndexOf(TOrdering.LoadAcquire(ref *_head));                  // E10, E11: the tail has come as far
            ulong dropped = TOrdering.LoadRelaxed(ref _producers->Dropped);
            ulong aborted = TOrdering.LoadRelaxed(ref _producers->Aborted) + TOrdering.LoadRelaxed(ref _consumer->Aborted);
            ulong published = IndexOf(TOrdering.LoadRelaxed(ref *_tail));
            return new RingStatistics
            {
                Published = published - Math.Min(published, aborted),
                Consumed = head - Math.Min(head, dropped + aborted),
                Dropped = dropped,
                HighWaterMark = Math.Max(
                    TOrdering.LoadRelaxed(ref _producers->HighWater), TOrdering.LoadRelaxed(ref _consumer->HighWater)),
                ProducerWaits = TOrdering.LoadRelaxed(ref _producers->Waits),
                ConsumerWaits = TOrdering.LoadRelaxed(ref _consumer->Waits),
                ForeignIndices = TOrdering.LoadRelaxed(ref _producers->Foreign) + TOrdering.LoadRelaxed(ref _consumer->Foreign),
            };
        }
    }

    private protected override void CloseFastPaths() => _pushBound = _popBound = 0;

    /// <summary>Any thread: a number for a producer. Two threads at once may get the same one, which does no harm.</summary>
    public int NextProducer() => (int)(_producersMade++ % ProducerLines);

    // Invariant: producer is in [0, ProducerLines), and _lines has two and as many lines.
    private RoleLine* LineOf(int producer) => _lines + 2 + producer;

    // In bounds for any index: there is a stamp for each slot.
    private ref uint StampAt(ulong index) => ref _stamps[index & _mask];
}
