using RingKit.Interleaving;
using RingKit.Memory;
using RingKit.Rings;
using RingKit.Rings.Cores;
using RingKit.Rings.Waiting;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Rings;

/// <summary>A ring of several producers on the model of memory: each producer's items in order, nothing lost, invented or torn.</summary>
/// <remarks>Item i of producer p is the number p * 1000 + i + 1.</remarks>
internal sealed class MpscProgram : IDisposable
{
    private const ulong Producer = 1000;

    private readonly MpscScript _script;
    private readonly NativeBlock<byte> _memory;
    private readonly MpscCore<ulong, O> _ring;
    private readonly ulong[] _last;
    private int _taken;

    private MpscProgram(MpscScript script)
    {
        _script = script;
        _last = new ulong[script.Totals.Length];
        var shape = new RingShape(SharedRingLayout.KindMpsc, sizeof(ulong), (ulong)script.Capacity, (uint)script.Policy, Cursors: 0);
        _memory = new NativeBlock<byte>(shape.Length, SharedRingLayout.Alignment);
        shape.Format<O>(_memory.View, startIndex: 0);
        _ring = new MpscCore<ulong, O>(_memory.View, shape, script.Waiting == RingWaiting.Sleep, isShared: false);
        RingNames.Name(_memory, shape);
    }

    public static ModelProgram<MpscProgram> Of(MpscScript script)
    {
        List<Action<MpscProgram>> threads = [];
        for (int i = 0; i < script.Totals.Length; i++)
        {
            int producer = i;
            threads.Add(p => p.Produce(producer));
        }

        threads.Add(p => p.Consume());
        if (script.IsObserved)
            threads.Add(p => p.Observe());
        return new ModelProgram<MpscProgram>($"MPSC: {script}", () => new MpscProgram(script), [.. threads]) { Finally = p => p.Check() };
    }

    public void Dispose()
    {
        _ring.Dispose();
        _memory.Dispose();
    }

    private void Produce(int producer)
    {
        if (_script.Aborts)
        {
            RingClaim<ulong> claim = _ring.Claim(0, 1);
            if (claim.Count != 0)
                O.WritePlain(ref claim.First[0], 0ul);
            claim.Abort();
        }

        int total = _script.Totals[producer];
        for (int i = 0, pushed = 0; pushed < total;)
        {
            RingStep step = _script.Pushes[i % _script.Pushes.Length];
            ulong[] items = new ulong[Math.Min(step.Count, total - pushed)];
            for (int n = 0; n < items.Length; n++)
                items[n] = ((ulong)producer * Producer) + (ulong)(pushed + n + 1);
            int count = Push(step.Kind, items);
            if (count == 0)
            {
                O.Pause();
                continue;
            }

            pushed += count;
            i++;
        }

        if (_script.Asks && producer == 0)
            _ring.WaitForRoom<SpinAtOnce>(1, Timeout.InfiniteTimeSpan);
        if (_script.Completes)
            _ring.Complete();
    }

    private int Push(RingStepKind kind, Span<ulong> items)
    {
        if (kind == RingStepKind.InPlace && !_script.Overwrites)
        {
            if (_script.Waiting == RingWaiting.Spin)
                _ring.WaitForRoom<SpinAtOnce>(1, Timeout.InfiniteTimeSpan);
            else if (_script.Waiting == RingWaiting.Sleep)
                _ring.WaitForRoom<SleepAtOnce>(1, Timeout.InfiniteTimeSpan);
            RingClaim<ulong> claim = _ring.Claim(0, items.Length);
            for (int i = 0; i < claim.Count; i++)
                O.WritePlain(ref i < claim.First.Length ? ref claim.First[i] : ref claim.Second[i - claim.First.Length], items[i]);
            claim.Commit();
            return claim.Count;
        }

        if (_script.Overwrites || _script.Waiting != RingWaiting.TryAgain)
        {
            return _script.Waiting == RingWaiting.Spin
                ? _ring.Push<SpinAtOnce>(0, items, Timeout.InfiniteTimeSpan)
                : _ring.Push<SleepAtOnce>(0, items, Timeout.InfiniteTimeSpan);
        }

        if (kind == RingStepKind.One)
            return _ring.TryPush(0, items[0]) ? 1 : 0;
        return _ring.TryPush(0, items);
    }

    private void Consume()
    {
        if (_script.Overwrites)
        {
            // It does not wait: each look locks the head, which the model would take for progress. The check takes what is left.
            for (int i = 0; i <= _script.Total; i++)
                Pop(_script.Pops[i % _script.Pops.Length]);
            return;
        }

        for (int i = 0; _script.Completes || _taken < _script.Total;)
        {
            if (Pop(_script.Pops[i % _script.Pops.Length]) != 0)
                i++;
            else if (!Wait())
                break;
        }
    }

    private bool Wait()
    {
        switch (_script.Waiting)
        {
            case RingWaiting.Spin:
                return _ring.WaitForItems<SpinAtOnce>(Timeout.InfiniteTimeSpan) != WaitOutcome.Completed;
            case RingWaiting.Sleep:
                return _ring.WaitForItems<SleepAtOnce>(Timeout.InfiniteTimeSpan) != WaitOutcome.Completed;
            default:
                if (_script.Completes && _ring.IsCompleted())
                    return false;
                O.Pause();
                return true;
        }
    }

    private int Pop(RingStep step)
    {
        if (step.Kind == RingStepKind.One)
        {
            if (!_ring.TryPop(out ulong item))
                return 0;
            Take(item);
            return 1;
        }

        if (step.Kind == RingStepKind.Batch)
        {
            Span<ulong> items = stackalloc ulong[step.Count];
            int count = _ring.TryPop(items);
            foreach (ulong item in items[..count])
                Take(item);
            return count;
        }

        RingLoan<ulong> loan = _ring.Peek(step.Count);
        bool takes = step.Kind == RingStepKind.InPlace;
        foreach (ref readonly ulong item in loan.First)
            Meet(O.ReadPlain(in item), takes);
        foreach (ref readonly ulong item in loan.Second)
            Meet(O.ReadPlain(in item), takes);
        loan.Release(takes ? loan.Count : 0);
        return loan.Count;
    }

    private void Meet(ulong item, bool takes)
    {
        if (takes)
            Take(item);
        else
            Assert.True(item % Producer > _last[item / Producer], $"{item} was met after {_last[item / Producer]}");
    }

    private void Take(ulong item)
    {
        int producer = (int)(item / Producer);
        ulong number = item % Producer;
        Assert.True(producer < _last.Length && number >= 1 && number <= (ulong)_script.Totals[producer], $"{item} was never pushed");
        Assert.True(
            _script.Overwrites ? number > _last[producer] : number == _last[producer] + 1, $"{item} was taken after {_last[producer]}");
        _last[producer] = number;
        _taken++;
    }

    private void Observe()
    {
        ulong count = _ring.Count;
        Assert.True(count <= (ulong)_script.Total, $"{count} items are said to be there, and only {_script.Total} are ever pushed");
    }

    private void Check()
    {
        while (_script.Overwrites && _ring.TryPop(out ulong item))
            Take(item);

        // A claim that was given up behind the last item counts as published until a look steps over it.
        Assert.False(_ring.TryPop(out _));
        RingStatistics statistics = _ring.Statistics;
        Assert.Equal((ulong)_script.Total, (ulong)_taken + statistics.Dropped);
        Assert.Equal(_script.Total, (int)statistics.Published);
        Assert.Equal(0ul, statistics.ForeignIndices);
        if (!_script.Overwrites)
            Assert.Equal(0ul, statistics.Dropped);
    }
}
