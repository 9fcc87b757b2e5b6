using RingKit.Interleaving;
using RingKit.Memory;
using RingKit.Rings;
using RingKit.Rings.Cores;
using RingKit.Rings.Waiting;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Rings;

/// <summary>A ring between one producer and one consumer on the model of memory: in order, nothing lost, invented or torn.</summary>
/// <remarks>Item i is the number i + 1. Dropped items are gaps in what is taken, and are counted.</remarks>
internal sealed class SpscProgram : IDisposable
{
    private readonly SpscScript _script;
    private readonly NativeBlock<byte> _memory;
    private readonly SpscCore<ulong, O> _ring;
    private ulong _pushed;
    private ulong _taken;
    private ulong _last;

    private SpscProgram(SpscScript script)
    {
        _script = script;
        var shape = new RingShape(SharedRingLayout.KindSpsc, sizeof(ulong), (ulong)script.Capacity, (uint)script.Policy, Cursors: 0);
        _memory = new NativeBlock<byte>(shape.Length, SharedRingLayout.Alignment);
        shape.Format<O>(_memory.View, script.Start);
        _ring = new SpscCore<ulong, O>(_memory.View, shape, script.Waiting == RingWaiting.Sleep, isShared: false);
        RingNames.Name(_memory, shape);
    }

    public static ModelProgram<SpscProgram> Of(SpscScript script)
    {
        List<Action<SpscProgram>> threads = [p => p.Produce(), p => p.Consume()];
        if (script.IsObserved)
            threads.Add(p => p.Observe());
        return new ModelProgram<SpscProgram>($"SPSC: {script}", () => new SpscProgram(script), [.. threads]) { Finally = p => p.Check() };
    }

    public void Dispose()
    {
        _ring.Dispose();
        _memory.Dispose();
    }

    private void Produce()
    {
        for (int i = 0; _pushed < (ulong)_script.Total;)
        {
            int pushed = Push(_script.Pushes[i % _script.Pushes.Length]);
            if (pushed == 0)
            {
                O.Pause();
                continue;
            }

            _pushed += (uint)pushed;
            i++;
        }

        if (_script.Completes)
            _ring.Complete();
    }

    private int Push(RingStep step)
    {
        int count = Math.Min(step.Count, _script.Total - (int)_pushed);
        Span<ulong> items = stackalloc ulong[count];
        for (int i = 0; i < count; i++)
            items[i] = _pushed + (uint)i + 1;

        if (_script.Waiting != RingWaiting.TryAgain && step.Kind == RingStepKind.InPlace)
            _ = _script.Waiting == RingWaiting.Spin
                ? _ring.WaitForRoom<SpinAtOnce>(1, Timeout.InfiniteTimeSpan)
                : _ring.WaitForRoom<SleepAtOnce>(1, Timeout.InfiniteTimeSpan);
        if (step.Kind == RingStepKind.InPlace && !_script.Overwrites)
        {
            RingClaim<ulong> claim = _ring.Claim(count);
            for (int i = 0; i < claim.Count; i++)
                O.WritePlain(ref i < claim.First.Length ? ref claim.First[i] : ref claim.Second[i - claim.First.Length], items[i]);
            claim.Commit();
            return claim.Count;
        }

        if (_script.Overwrites || _script.Waiting != RingWaiting.TryAgain)
        {
            return _script.Waiting == RingWaiting.Spin
                ? _ring.Push<SpinAtOnce>(items, Timeout.InfiniteTimeSpan)
                : _ring.Push<SleepAtOnce>(items, Timeout.InfiniteTimeSpan);
        }

        if (step.Kind == RingStepKind.One)
            return _ring.TryPush(items[0]) ? 1 : 0;
        return _ring.TryPush(items);
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

        for (int i = 0; _script.Completes || _taken < (ulong)_script.Total;)
        {
            if (Pop(_script.Pops[i % _script.Pops.Length]) != 0)
                i++;
            else if (!Wait())
                break;
        }
    }

    private bool Wait()
    {
        WaitOutcome outcome;
        switch (_script.Waiting)
        {
            case RingWaiting.Spin:
                outcome = _ring.WaitForItems<SpinAtOnce>(Timeout.InfiniteTimeSpan);
                break;
            case RingWaiting.Sleep:
                outcome = _ring.WaitForItems<SleepAtOnce>(Timeout.InfiniteTimeSpan);
                break;
            default:
                if (_script.Completes && _ring.Available(1, out bool isCompleted) == 0 && isCompleted)
                    return false;
                O.Pause();
                return true;
        }

        return outcome != WaitOutcome.Completed;
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
            Assert.True(item > _last, $"{item} was met after {_last}");
    }

    private void Take(ulong item)
    {
        Assert.True(_script.Overwrites ? item > _last : item == _last + 1, $"{item} was taken after {_last}");
        Assert.True(item <= (ulong)_script.Total, $"{item} was never pushed");
        _last = item;
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
        RingStatistics statistics = _ring.Statistics;
        Assert.Equal((ulong)_script.Total, _pushed);
        Assert.Equal(_pushed, _taken + statistics.Dropped);
        Assert.Equal((0ul, 0ul), (_ring.Count, statistics.ForeignIndices));
        if (!_script.Overwrites)
            Assert.Equal(0ul, statistics.Dropped);
    }
}
