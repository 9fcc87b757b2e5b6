using RingKit.Interleaving;
using RingKit.Memory;
using RingKit.Rings;
using RingKit.Rings.Cores;
using RingKit.Rings.Waiting;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Rings;

/// <summary>A broadcast ring on the model of memory: each reader sees every item in order, or an explicit gap with its length.</summary>
/// <remarks>Item i is the number i + 1.</remarks>
internal sealed class BroadcastProgram : IDisposable
{
    private readonly BroadcastScript _script;
    private readonly NativeBlock<byte> _memory;
    private readonly BroadcastCore<ulong, O> _ring;
    private int _written;

    // Per reader: its cursor, and the last item that it saw or missed; null before its first one, if it joined late.
    private readonly int[] _cursors;
    private readonly ulong?[] _last;
    private readonly ulong[] _missed;
    private readonly bool[] _left;

    private BroadcastProgram(BroadcastScript script)
    {
        _script = script;
        _cursors = new int[script.Readers];
        _last = new ulong?[script.Readers];
        _missed = new ulong[script.Readers];
        _left = new bool[script.Readers];
        var shape = new RingShape(
            SharedRingLayout.KindBroadcast, sizeof(ulong), (ulong)script.Capacity, (uint)script.Policy, (uint)script.Readers);
        _memory = new NativeBlock<byte>(shape.Length, SharedRingLayout.Alignment);
        shape.Format<O>(_memory.View, startIndex: 0);
        _ring = new BroadcastCore<ulong, O>(_memory.View, shape, manyWriters: false, script.Waiting == RingWaiting.Sleep, isShared: false);
        for (int reader = 0; reader < script.Readers; reader++)
        {
            if (IsLate(reader))
                continue;
            _cursors[reader] = _ring.Join();
            _last[reader] = 0;
        }

        RingNames.Name(_memory, shape);
    }

    public static ModelProgram<BroadcastProgram> Of(BroadcastScript script)
    {
        List<Action<BroadcastProgram>> threads = [p => p.Write()];
        for (int i = 0; i < script.Readers; i++)
        {
            int reader = i;
            threads.Add(p => p.Read(reader));
        }

        if (script.Detaches)
            threads.Add(p => p._ring.Detach(p._cursors[0]));
        return new ModelProgram<BroadcastProgram>($"broadcast: {script}", () => new BroadcastProgram(script), [.. threads])
        {
            Finally = p => p.Check(),
        };
    }

    public void Dispose()
    {
        _ring.Dispose();
        _memory.Dispose();
    }

    private bool IsLate(int reader) => _script.Joins && reader == _script.Readers - 1;

    private void Write()
    {
        for (int i = 0; _written < _script.Total;)
        {
            RingStep step = _script.Writes[i % _script.Writes.Length];
            ulong[] items = new ulong[Math.Min(step.Count, _script.Total - _written)];
            for (int n = 0; n < items.Length; n++)
                items[n] = (ulong)(_written + n + 1);
            int count = Write(step.Kind, items);
            if (count == 0)
            {
                O.Pause();
                continue;
            }

            _written += count;
            i++;
        }

        _ring.Complete();
    }

    private int Write(RingStepKind kind, Span<ulong> items)
    {
        if (kind == RingStepKind.InPlace)
        {
            RingClaim<ulong> claim = _ring.Claim(items.Length);
            for (int i = 0; i < claim.Count; i++)
                O.WritePlain(ref i < claim.First.Length ? ref claim.First[i] : ref claim.Second[i - claim.First.Length], items[i]);
            claim.Commit();
            return claim.Count;
        }

        if (_script.Waiting == RingWaiting.Spin)
            return _ring.Write<SpinAtOnce>(items, Timeout.InfiniteTimeSpan);
        if (_script.Waiting == RingWaiting.Sleep)
            return _ring.Write<SleepAtOnce>(items, Timeout.InfiniteTimeSpan);
        if (kind == RingStepKind.One)
            return _ring.TryWrite(items[0]) ? 1 : 0;
        return _ring.TryWrite(items);
    }

    private void Read(int reader)
    {
        if (IsLate(reader))
            _cursors[reader] = _ring.Join();

        // Where laggards lose items it does not wait: each look locks the cursor, which the model would take for progress. The check reads what is
        // left.
        for (int i = 0, looks = 0; _script.Waits || looks <= _script.Total; looks++)
        {
            int count = Read(reader, _script.Reads[i % _script.Reads.Length]);
            if (count != 0)
                i++;
            if (count != 0 && _script.Leaves && !_left[reader] && reader == _script.Readers - 1)
            {
                _left[reader] = true;
                _ring.Leave(_cursors[reader]);
                if (!_script.Rejoins)
                    return;
                _cursors[reader] = _ring.Join();
                _last[reader] = null;
            }

            if (count == 0 && _script.Waits && !Wait(reader))
                break;
        }
    }

    private bool Wait(int reader)
    {
        switch (_script.Waiting)
        {
            case RingWaiting.Spin:
                return _ring.WaitForItems<SpinAtOnce>(_cursors[reader], Timeout.InfiniteTimeSpan) == WaitOutcome.Ready;
            case RingWaiting.Sleep:
                return _ring.WaitForItems<SleepAtOnce>(_cursors[reader], Timeout.InfiniteTimeSpan) == WaitOutcome.Ready;
            default:
                if (_ring.Available(_cursors[reader], 1, out bool isCompleted) == 0 && isCompleted)
                    return false;
                O.Pause();
                return true;
        }
    }

    private int Read(int reader, RingStep step)
    {
        int cursor = _cursors[reader];
        if (step.Kind == RingStepKind.One)
        {
            bool any = _ring.TryRead(cursor, out ulong item, out ulong gap);
            Miss(reader, gap);
            if (any)
                Take(reader, item);
            return any ? 1 : 0;
        }

        if (step.Kind == RingStepKind.Batch)
        {
            Span<ulong> items = stackalloc ulong[step.Count];
            int count = _ring.Read(cursor, items, out ulong gap);
            Miss(reader, gap);
            foreach (ulong item in items[..count])
                Take(reader, item);
            return count;
        }

        return ReadInPlace(reader, step);
    }

    // What is read counts when the release has not thrown: the reader may have been thrown out meanwhile.
    private int ReadInPlace(int reader, RingStep step)
    {
        RingLoan<ulong> loan = _ring.Peek(_cursors[reader], step.Count);
        Miss(reader, loan.Gap);
        List<ulong> items = [];
        foreach (ref readonly ulong item in loan.First)
            items.Add(_script.Waits ? O.ReadPlain(in item) : O.ReadTentative(in item));
        foreach (ref readonly ulong item in loan.Second)
            items.Add(_script.Waits ? O.ReadPlain(in item) : O.ReadTentative(in item));
        try
        {
            loan.Release(step.Kind == RingStepKind.InPlace ? loan.Count : 0);
        }
        catch (InvalidOperationException) when (_script.Detaches && _ring.IsDetached(_cursors[reader]))
        {
            return 0;
        }

        if (step.Kind == RingStepKind.InPlace)
            items.ForEach(item => Take(reader, item));
        return loan.Count;
    }

    private void Miss(int reader, ulong gap)
    {
        Assert.True(gap == 0 || _script.Policy == LaggardPolicy.DropOldest, $"a gap of {gap} items, and the writer should have waited");
        _missed[reader] += gap;
        if (_last[reader] is { } last)
            _last[reader] = last + gap;
    }

    private void Take(int reader, ulong item)
    {
        Assert.True(_last[reader] is null || item == _last[reader] + 1, $"reader {reader} took {item} after {_last[reader]}");
        Assert.True(item >= 1 && item <= (ulong)_script.Total, $"{item} was never written");
        _last[reader] = item;
    }

    private void Check()
    {
        Assert.Equal(_script.Total, _written);
        ulong missed = 0;
        for (int reader = 0; reader < _script.Readers; reader++)
        {
            if (!_left[reader] || _script.Rejoins)
            {
                while (Read(reader, RingStep.One) != 0)
                {
                }

                // A late reader may have joined behind the last item. One that was thrown out has seen what it has seen.
                Assert.True(
                    _last[reader] is null || _last[reader] == (ulong)_script.Total || _ring.IsDetached(_cursors[reader]),
                    $"reader {reader} came no further than {_last[reader]}");
            }

            missed += _missed[reader];
        }

        Assert.Equal(0ul, _ring.Statistics.ForeignIndices);

        // What is dropped of a reader that is only joining is no gap: it has begun behind it.
        if (!_script.Joins && !_script.Leaves && !_script.Detaches)
            Assert.Equal(_ring.Statistics.Dropped, missed);
    }
}
