using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Interleaving;
using RingKit.Memory;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.DirtyRings;

/// <summary>A slot-published dirty ring on the model of memory, and what its three parties did with it.</summary>
/// <remarks>
/// The counters are the test's own: one thread writes each, and since the explorer runs one thread at a time, all read what was done so
/// far.
/// </remarks>
internal sealed class DirtyRingProgram : IDisposable
{
    private static readonly int[] All = [int.MaxValue];

    private readonly DirtyRingCore<O> _ring;
    private readonly NativeBlock<DirtyGfn> _entries;
    private readonly int _total;
    private readonly uint _start;
    private readonly bool _isAttached;
    private int _pushed;
    private int _harvested;
    private int _reset;

    private DirtyRingProgram(int capacity, int total, uint start, bool isAttached = false)
    {
        _total = total;
        _start = start;
        _isAttached = isAttached;
        _entries = new NativeBlock<DirtyGfn>((nuint)capacity);
        _ring = new DirtyRingCore<O>(_entries.View, reservedEntries: 0, start, producerIsElsewhere: isAttached);
        DirtyRingNames.Name(_ring, _entries);
    }

    /// <summary>Producer, harvester and resetter, each a thread.</summary>
    public static ModelProgram<DirtyRingProgram> ThreeThreads(int capacity, int total, int batch = int.MaxValue, uint start = 0) =>
        new($"push | harvest | reset, capacity {capacity}, {total} entries, batches of {Math.Min(batch, capacity)}",
            () => new DirtyRingProgram(capacity, total, start),
            p => p.Produce(), p => p.Harvest([batch]), p => p.Reset([batch]))
        { Finally = p => p.Check() };

    /// <summary>One thread harvests and resets, as a dirty-log ioctl does.</summary>
    public static ModelProgram<DirtyRingProgram> TwoThreads(int capacity, int total, uint start = 0) =>
        new($"push | harvest and reset, capacity {capacity}, {total} entries",
            () => new DirtyRingProgram(capacity, total, start),
            p => p.Produce(), p => p.HarvestAndReset(All, All))
        { Finally = p => p.Check() };

    /// <summary>The producer is another's: it knows no index of the ring, and that an entry is free from its flags.</summary>
    public static ModelProgram<DirtyRingProgram> Attached(int capacity, int total, uint start = 0) =>
        new($"push elsewhere | harvest | reset, capacity {capacity}, {total} entries from {start}",
            () => new DirtyRingProgram(capacity, total, start, isAttached: true),
            p => p.ProduceElsewhere(), p => p.Harvest(All), p => p.Reset(All))
        { Finally = p => p.Check() };

    /// <summary>Each consumer goes through its maxima over and over; a negative one is a borrow and a release.</summary>
    public static ModelProgram<DirtyRingProgram> Of(int capacity, int total, uint start, int[] harvests, int[] resets, bool isOneConsumer)
    {
        string steps = $"harvest {string.Join(" ", harvests)}{(isOneConsumer ? "," : " |")} reset {string.Join(" ", resets)}";
        string name = $"push | {steps}, capacity {capacity}, {total} entries from {start}";
        Func<DirtyRingProgram> setUp = () => new DirtyRingProgram(capacity, total, start);
        Action<DirtyRingProgram>[] threads = isOneConsumer
            ? [p => p.Produce(), p => p.HarvestAndReset(harvests, resets)]
            : [p => p.Produce(), p => p.Harvest(harvests), p => p.Reset(resets)];
        return new ModelProgram<DirtyRingProgram>(name, setUp, threads) { Finally = p => p.Check() };
    }

    /// <summary>The harvester reads the entries in place.</summary>
    public static ModelProgram<DirtyRingProgram> Borrowing(int capacity, int total) =>
        new($"push | borrow | reset, capacity {capacity}, {total} entries",
            () => new DirtyRingProgram(capacity, total, 0),
            p => p.Produce(), p => p.Harvest([-int.MaxValue]), p => p.Reset(All))
        { Finally = p => p.Check() };

    /// <summary>A third party asks how full the ring is.</summary>
    public static ModelProgram<DirtyRingProgram> Observed(int capacity, int total) =>
        new($"push | harvest and reset | used, capacity {capacity}, {total} entries",
            () => new DirtyRingProgram(capacity, total, 0),
            p => p.Produce(), p => p.HarvestAndReset(All, All), p => p.Observe())
        { Finally = p => p.Check() };

    public void Dispose()
    {
        _ring.Dispose();
        _entries.Dispose();
    }

    // What entry number i holds: neighbouring pages, but for a change of the slot, so that resets coalesce some and not others.
    private static uint SlotOf(int i) => (uint)(1 + (i / 3));

    private static ulong OffsetOf(int i) => (ulong)(100 + i);

    private void Produce()
    {
        while (_pushed < _total)
        {
            if (_ring.TryPush(SlotOf(_pushed), OffsetOf(_pushed)) == PushResult.Full)
            {
                O.Pause();
                continue;
            }

            _pushed++;
            Assert.True(_pushed - _reset <= _ring.Capacity, "an entry was pushed over one that was not reset");
        }
    }

    private void ProduceElsewhere()
    {
        for (; _pushed < _total; _pushed++)
        {
            ref DirtyGfn entry = ref _entries[(nuint)((_start + (uint)_pushed) % _ring.Capacity)];
            while (O.LoadAcquire(ref entry.Flags) != 0)
                O.Pause();
            O.WritePlain(ref entry.Slot, SlotOf(_pushed));
            O.WritePlain(ref entry.Offset, OffsetOf(_pushed));
            O.StoreRelease(ref entry.Flags, DirtyGfn.Dirty);
        }
    }

    private void Harvest(int[] steps)
    {
        for (int i = 0; _harvested < _total;)
        {
            if (HarvestOnce(steps[i % steps.Length]) == 0)
                O.Pause();
            else
                i++;
        }
    }

    private int HarvestOnce(int most)
    {
        if (most < 0)
            return BorrowOnce(-most);
        var sink = new Sink(this);
        return _ring.Harvest(ref sink, most);
    }

    private int BorrowOnce(int most)
    {
        int count = _ring.CountPublished(most);
        _ring.Locate(count, out ReadOnlySpan<DirtyGfn> first, out ReadOnlySpan<DirtyGfn> second);
        foreach (ref readonly DirtyGfn entry in first)
            Take(O.ReadPlain(in entry.Slot), O.ReadPlain(in entry.Offset));
        foreach (ref readonly DirtyGfn entry in second)
            Take(O.ReadPlain(in entry.Slot), O.ReadPlain(in entry.Offset));
        _ring.ReleaseHarvested(count);
        return count;
    }

    private void Reset(int[] steps)
    {
        for (int i = 0; _reset < _total;)
        {
            if (ResetOnce(steps[i % steps.Length]) == 0)
                O.Pause();
            else
                i++;
        }
    }

    private void HarvestAndReset(int[] harvests, int[] resets)
    {
        for (int h = 0, r = 0; _reset < _total;)
        {
            int harvested = HarvestOnce(harvests[h % harvests.Length]);
            int reset = ResetOnce(resets[r % resets.Length]);
            if (harvested != 0)
                h++;
            if (reset != 0)
                r++;
            if (harvested == 0 && reset == 0)
                O.Pause();
        }
    }

    private void Observe()
    {
        uint used = _ring.Used;
        Assert.True(used <= (uint)_total, $"{used} entries are said to be in use, and only {_total} are ever pushed");
    }

    private int ResetOnce(int batch)
    {
        var target = new Target(this);
        return _ring.Reset<Target, RefusePages<Target>>(ref target, batch).Entries;
    }

    private void Take(uint slot, ulong offset)
    {
        Assert.True(_harvested < _total, "an entry was invented");
        Assert.Equal((SlotOf(_harvested), OffsetOf(_harvested)), (slot, offset));
        _harvested++;
    }

    private void Check()
    {
        Assert.Equal((_total, _total, _total), (_pushed, _harvested, _reset));
        if (!_isAttached)
            Assert.Equal(0u, _ring.Used);
        Assert.Equal((0ul, 0ul, 0ul), (_ring.Control.ForeignFlags, _ring.Control.ForgedResets, _ring.Control.RefusedPages));
        Assert.Equal((0ul, 0ul), (_ring.Control.ForgedEntries, _ring.Control.OvertakenEntries));
        foreach (ref readonly DirtyGfn entry in _entries.View.AsSpan())
            Assert.Equal(0u, entry.Flags);
    }

    private readonly struct Sink(DirtyRingProgram program) : IDirtyEntrySink
    {
        public void Accept(uint slot, ulong offset) => program.Take(slot, offset);
    }

    private readonly struct Target(DirtyRingProgram program) : IResetTarget
    {
        public ulong PagesIn(uint slot) => 1000;

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            for (; mask != 0; mask >>= 1, baseOffset++)
            {
                Assert.Equal(1ul, mask & 1);
                Assert.Equal((SlotOf(program._reset), OffsetOf(program._reset)), (slot, baseOffset));
                program._reset++;
                Assert.True(program._reset <= program._harvested, "an entry was reset before it was harvested");
            }
        }
    }
}
