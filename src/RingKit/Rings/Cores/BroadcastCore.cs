using RingKit.Memory;
using RingKit.Ordering;

namespace RingKit.Rings.Cores;

/// <summary>The state of a ring whose items every reader sees. One part class a role; see docs/rings.md.</summary>
internal sealed unsafe partial class BroadcastCore<T, TOrdering> : RingCore<T, TOrdering>
    where T : unmanaged
    where TOrdering : struct, IOrdering
{
    // One tail, and a cursor for each reader, which is to that reader what the head is in a ring of one consumer: slots [cursor, tail) are
    // the reader's, handed over by the tail (E9) and back by the cursor (E10). The writer may use a slot when every cursor has passed it.
    // It looks at the cursors only when it has used up the room that it knew of.
    //
    // Where laggards lose items the writer moves their cursors itself, by a compare-exchange, and never one that is locked: the reader
    // locks its cursor while it reads (E11). The reader knows which index it expects; what the cursor is ahead of that is the gap.
    //
    // A reader that joins stores its cursor, fence, and loads the tail from which it reads on; the writer publishes, fence, and looks at
    // the cursors. So either the writer sees the reader, or the reader begins behind everything that the writer has room for (E15).

    // Invariant: all lie in _start's header, or in _lines, which this object keeps.
    private readonly ulong* _tail;
    private readonly RoleLine* _writer;

    private readonly LaggardPolicy _policy;
    private readonly int _readers;
    private readonly object? _turn;
    private readonly bool _paces;

    // The capacity; or 0 where every call has to take the slow path: a disposed ring, one that wakes sleepers, one of several writers, and
    // one whose cursors are locked.
    private ulong _writeBound;
    private ulong _readBound;

    public BroadcastCore(NativeView<byte> memory, in RingShape shape, bool manyWriters, bool canSleep, bool isShared, bool neverPauses = false)
        : base(memory, shape, lines: 1 + shape.Cursors, canSleep, isShared)
    {
        _policy = (LaggardPolicy)shape.Policy;
        _readers = (int)shape.Cursors;
        _tail = (ulong*)(_start + SharedRingLayout.TailOffset);
        _writer = _lines;
        _turn = manyWriters ? new object() : null;
        _paces = Paces && !neverPauses;

        ulong tail = TOrdering.LoadRelaxed(ref *_tail);
        _writer->Next = IndexOf(tail);
        _writer->Known = IndexOf(tail) - Capacity;                                    // as if full: looks at the cursors first
        _writer->Closed = HasFlag(tail) ? 1u : 0;
        _writeBound = canSleep || manyWriters ? 0 : Capacity;
        _readBound = canSleep || _policy != LaggardPolicy.Block ? 0 : Capacity;
    }

    /// <summary>Any thread: how far the slowest reader is behind, and who it is.</summary>
    public ReaderLag Slowest
    {
        get
        {
            ThrowIfDisposed();
            var slowest = new ReaderLag(-1, 0, IsReading: false);
            for (int reader = 0; reader < _readers; reader++)
            {
                ulong cursor = TOrdering.LoadAcquire(ref CursorAt(reader));           // E10, E11: the tail has come as far
                if (!IsActive(cursor))
                    continue;

                ulong lag = Math.Min(IndexOf(TOrdering.LoadRelaxed(ref *_tail)) - IndexOf(cursor), Capacity);
                if (slowest.Reader < 0 || lag > slowest.Items)
                    slowest = new ReaderLag(reader, lag, HasFlag(cursor));
            }

            return slowest;
        }
    }

    /// <summary>Any thread: whether the writer has completed the ring, as far as this thread has heard.</summary>
    public bool IsCompleted
    {
        get
        {
            ThrowIfDisposed();
            return HasFlag(TOrdering.LoadRelaxed(ref *_tail));
        }
    }

    public RingStatistics Statistics
    {
        get
        {
            ulong lag = Slowest.Items;
            ulong published = IndexOf(TOrdering.LoadRelaxed(ref *_tail));
            var statistics = new RingStatistics
            {
                Published = published,
                Consumed = published - Math.Min(lag, published),
                Dropped = TOrdering.LoadRelaxed(ref _writer->Dropped),
                HighWaterMark = TOrdering.LoadRelaxed(ref _writer->HighWater),
                ProducerWaits = TOrdering.LoadRelaxed(ref _writer->Waits),
                ForeignIndices = TOrdering.LoadRelaxed(ref _writer->Foreign),
            };
            for (int reader = 0; reader < _readers; reader++)
            {
                RoleLine* line = LineOf(reader);
                statistics = statistics with
                {
                    HighWaterMark = Math.Max(statistics.HighWaterMark, TOrdering.LoadRelaxed(ref line->HighWater)),
                    ConsumerWaits = statistics.ConsumerWaits + TOrdering.LoadRelaxed(ref line->Waits),
                    ForeignIndices = statistics.ForeignIndices + TOrdering.LoadRelaxed(ref line->Foreign),
                };
            }

            return statistics;
        }
    }

    private protected override void CloseFastPaths() => _writeBound = _readBound = 0;

    private static bool IsActive(ulong cursor) => cursor < SharedRingLayout.DetachedCursor;

    // Invariant: reader is in [0, _readers), and the header has a line for each.
    private ref ulong CursorAt(int reader) =>
        ref WordAt(SharedRingLayout.CursorsOffset + ((nuint)reader * SharedRingLayout.Alignment));

    private RoleLine* LineOf(int reader) => _lines + 1 + reader;
}
