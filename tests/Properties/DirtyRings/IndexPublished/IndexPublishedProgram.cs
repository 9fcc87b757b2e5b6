using RingKit.DirtyRings;
using RingKit.DirtyRings.IndexPublished;
using RingKit.DirtyRings.Resetting;
using RingKit.Interleaving;
using RingKit.Memory;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.DirtyRings.IndexPublished;

/// <summary>An index-published dirty ring on the model of memory, and what its parties did with it.</summary>
/// <remarks>
/// The counters are the test's own: one thread writes each, and since the explorer runs one thread at a time, all read what was done so
/// far.
/// </remarks>
internal sealed class IndexPublishedProgram<TIndexing> : IDisposable
    where TIndexing : struct, IIndexing
{
    private const uint SlotsOfProducer = 100;

    private readonly IndexPublishedScript _script;
    private readonly NativeBlock<DirtyGfn> _entries;
    private readonly NativeBlock<uint> _indices = new((nuint)IndexPublishedLayout.Words(IndexLayout.Separate));
    private readonly IndexPublishedCore<O, TIndexing> _core;
    private readonly int _total;
    private readonly int[] _pushed;
    private readonly int[] _arrived;
    private readonly List<(uint Slot, ulong Offset)> _harvested = [];
    private int _reset;

    private IndexPublishedProgram(IndexPublishedScript script)
    {
        _script = script;
        _total = script.Totals.Sum();
        _pushed = new int[script.Totals.Length];
        _arrived = new int[script.Totals.Length];
        _entries = new NativeBlock<DirtyGfn>((nuint)script.Capacity);
        _core = new IndexPublishedCore<O, TIndexing>(
            _entries.View, _indices.View, IndexLayout.Separate, reservedEntries: 0, script.Start, script.IsForeign);
        Explorer.Name(ref Avail, "avail_index");
        Explorer.Name(ref _indices[(nuint)IndexPublishedLayout.FetchIndexOffset(IndexLayout.Separate) / sizeof(uint)], "fetch_index");
        Explorer.Name(ref _core.Control.DirtyIndex, "DirtyIndex");
        Explorer.Name(ref _core.Control.ResetIndex, "ResetIndex");
        Explorer.Name(ref _core.Control.KnownResetIndex, "KnownResetIndex");
        Explorer.Name(ref _core.Control.ProducerLock, "ProducerLock");
        for (int i = 0; i < script.Capacity; i++)
        {
            Explorer.Name(ref _entries[(nuint)i].Slot, $"slot[{i}]");
            Explorer.Name(ref _entries[(nuint)i].Offset, $"offset[{i}]");
        }
    }

    private ref uint Avail => ref _indices[IndexPublishedLayout.AvailIndexOffset / sizeof(uint)];

    public static ModelProgram Of(IndexPublishedScript script)
    {
        List<Action<IndexPublishedProgram<TIndexing>>> threads = [];
        for (int i = 0; i < script.Totals.Length; i++)
        {
            int producer = i;
            threads.Add(p => p.Produce(producer));
        }

        if (script.IsOneConsumer)
        {
            threads.Add(p => p.HarvestAndReset());
        }
        else
        {
            threads.Add(p => p.Harvest());
            threads.Add(p => p.Reset());
        }

        if (script.IsObserved)
            threads.Add(p => p.Observe());
        return new ModelProgram<IndexPublishedProgram<TIndexing>>(
            $"{typeof(TIndexing).Name}: {script}", () => new IndexPublishedProgram<TIndexing>(script), [.. threads])
        { Finally = p => p.Check() };
    }

    public void Dispose()
    {
        _core.Dispose();
        _entries.Dispose();
        _indices.Dispose();
    }

    // What a producer's entry number i holds: neighbouring pages, but for a change of the slot, so that resets coalesce some and not others.
    private static uint SlotOf(int producer, int i) => ((uint)producer * SlotsOfProducer) + (uint)(i / 3);

    private static ulong OffsetOf(int i) => (ulong)(100 + i);

    private void Produce(int producer)
    {
        bool isAlone = _script.Totals.Length == 1;
        ref int pushed = ref _pushed[producer];
        while (pushed < _script.Totals[producer])
        {
            // Two producers that look for room by taking the lock would wake each other for ever: between two looks something was reset.
            uint reset = isAlone ? 0 : O.LoadRelaxed(ref _core.Control.ResetIndex);
            (uint slot, ulong offset) = (SlotOf(producer, pushed), OffsetOf(pushed));
            if ((isAlone ? _core.TryPush(slot, offset) : _core.TryPushLocked(slot, offset)) != PushResult.Full)
            {
                pushed++;
                Assert.True(_pushed.Sum() - _reset <= _script.Capacity, "an entry was pushed over one that was not reset");
            }
            else if (isAlone)
            {
                O.Pause();
            }
            else
            {
                while (O.LoadRelaxed(ref _core.Control.ResetIndex) == reset)
                    O.Pause();
            }
        }

        while (_script.IsForged && _core.Room() < _script.Capacity)
            O.Pause();
    }

    private void Harvest()
    {
        for (int i = 0; _harvested.Count < _total;)
        {
            if (HarvestOnce(_script.Harvests[i % _script.Harvests.Length]) == 0)
                O.Pause();
            else
                i++;
        }
    }

    private void Reset()
    {
        for (int i = 0; _reset < _total;)
        {
            if (ResetOnce(_script.Resets[i % _script.Resets.Length]) == 0)
                O.Pause();
            else
                i++;
        }
    }

    private void HarvestAndReset()
    {
        if (_script.IsForged)
            O.StoreRelaxed(ref Avail, _script.Start);
        for (int h = 0, r = 0; _reset < _total;)
        {
            int harvested = HarvestOnce(_script.Harvests[h % _script.Harvests.Length]);
            int reset = ResetOnce(_script.Resets[r % _script.Resets.Length]);
            h += Math.Sign(harvested);
            r += Math.Sign(reset);
            if (harvested == 0 && reset == 0)
                O.Pause();
        }
    }

    private void Observe()
    {
        uint used = _core.Used;
        Assert.True(used <= (uint)_total, $"{used} entries are said to be in use, and only {_total} are ever pushed");
    }

    private int HarvestOnce(int most)
    {
        if (most > 0)
        {
            var sink = new Sink(this);
            return _core.Harvest(ref sink, most);
        }

        int count = _core.CountPublished(-most);
        _core.Locate(count, out ReadOnlySpan<DirtyGfn> first, out ReadOnlySpan<DirtyGfn> second);
        foreach (ref readonly DirtyGfn entry in first)
            Take(O.ReadPlain(in entry.Slot), O.ReadPlain(in entry.Offset));
        foreach (ref readonly DirtyGfn entry in second)
            Take(O.ReadPlain(in entry.Slot), O.ReadPlain(in entry.Offset));
        _core.ReleaseHarvested(count);
        return count;
    }

    private int ResetOnce(int most)
    {
        var target = new Target(this);
        return _core.Reset<Target, RefusePages<Target>>(ref target, most).Entries;
    }

    private void Take(uint slot, ulong offset)
    {
        int producer = (int)(slot / SlotsOfProducer);
        Assert.True(_arrived[producer] < _pushed[producer] + 1, "an entry was invented");
        Assert.Equal((SlotOf(producer, _arrived[producer]), OffsetOf(_arrived[producer])), (slot, offset));
        _arrived[producer]++;
        _harvested.Add((slot, offset));
    }

    private void Check()
    {
        Assert.Equal((_total, _total, _total), (_pushed.Sum(), _harvested.Count, _reset));
        Assert.Equal(0u, _core.Used);
        Assert.Equal((0ul, 0ul, 0ul), (_core.Control.ForgedFetches, _core.Control.OvertakenEntries, _core.Control.RefusedPages));
        Assert.Equal(0ul, _core.Control.ProducerLock);
        if (!_script.IsForged)
            Assert.Equal(0ul, _core.Control.ForgedAvails);
    }

    private readonly struct Sink(IndexPublishedProgram<TIndexing> program) : IDirtyEntrySink
    {
        public void Accept(uint slot, ulong offset) => program.Take(slot, offset);
    }

    private readonly struct Target(IndexPublishedProgram<TIndexing> program) : IResetTarget
    {
        public ulong PagesIn(uint slot) => 1000;

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            for (; mask != 0; mask >>= 1, baseOffset++)
            {
                Assert.Equal(1ul, mask & 1);
                Assert.True(program._reset < program._harvested.Count, "an entry was reset before it was harvested");
                Assert.Equal(program._harvested[program._reset++], (slot, baseOffset));
            }
        }
    }
}
