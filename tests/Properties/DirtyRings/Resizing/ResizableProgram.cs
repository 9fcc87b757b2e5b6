using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.DirtyRings.Resizing;
using RingKit.Interleaving;
using RingKit.Memory;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.DirtyRings.Resizing;

/// <summary>A dirty ring that changes its size, on the model of memory, and what its parties did with it.</summary>
/// <remarks>
/// All rings are made beforehand, since the model knows a word by its address. The counters are the test's own, see <see cref="DirtyRingProgram"/>.
/// </remarks>
internal sealed class ResizableProgram : IDisposable
{
    private readonly ResizableScript _script;
    private readonly NativeBlock<DirtyGfn>[] _entries;
    private readonly DirtyRingCore<O>[] _rings;
    private readonly ResizableCore<O> _core;
    private int _resizes;
    private int _pushed;
    private int _harvested;
    private int _reset;

    private unsafe ResizableProgram(ResizableScript script)
    {
        _script = script;
        _entries = [.. script.Capacities.Select(capacity => new NativeBlock<DirtyGfn>((nuint)capacity))];
        _rings = [.. _entries.Select(entries => new DirtyRingCore<O>(entries.View, reservedEntries: 0, script.Start))];
        _core = new ResizableCore<O>(_rings[0]);
        ref ResizableControl control = ref _core.Control;
        Explorer.Name(ref control.Requested, "Requested");
        Explorer.Name(ref control.Pushing, "Pushing");
        Explorer.Name(ref control.Harvesting, "Harvesting");
        Explorer.Name(ref control.Resetting, "Resetting");
        Explorer.Name(ref control.Shape, "Shape");
        Explorer.Name(ref control.Places[0], "place 0");
        Explorer.Name(ref control.Places[1], "place 1");
        for (int i = 0; i < _rings.Length; i++)
            DirtyRingNames.Name(_rings[i], _entries[i], $"ring {i}: ");
    }

    public static ModelProgram Of(ResizableScript script)
    {
        List<Action<ResizableProgram>> threads = [p => p.Produce()];
        if (script.IsOneConsumer)
        {
            threads.Add(p => p.HarvestAndReset());
        }
        else
        {
            threads.Add(p => p.Harvest());
            threads.Add(p => p.Reset());
        }

        if (script.Resizer == Resizer.Another)
            threads.Add(p => p.ResizeAll());
        return new ModelProgram<ResizableProgram>($"resizable: {script}", () => new ResizableProgram(script), [.. threads])
        {
            Finally = p => p.Check(),
        };
    }

    public void Dispose()
    {
        foreach (DirtyRingCore<O> ring in _rings)
            ring.Dispose();
        _core.Dispose();
        foreach (NativeBlock<DirtyGfn> entries in _entries)
            entries.Dispose();
    }

    // What entry number i holds: neighbouring pages, but for a change of the slot, so that resets coalesce some and not others.
    private static uint SlotOf(int i) => (uint)(1 + (i / 3));

    private static ulong OffsetOf(int i) => (ulong)(100 + i);

    private void Produce()
    {
        while (_pushed < _script.Total)
        {
            ResizeIf(Resizer.Producer);
            if (_core.TryPush(SlotOf(_pushed), OffsetOf(_pushed)) == PushResult.Full)
            {
                O.Pause();
                continue;
            }

            _pushed++;
            Assert.True(_pushed - _reset <= _script.Capacities.Sum(), "an entry was pushed over one that was not reset");
        }
    }

    private void Harvest()
    {
        for (int i = 0; _harvested < _script.Total;)
        {
            if (HarvestOnce(_script.Harvests[i % _script.Harvests.Length]) == 0)
                O.Pause();
            else
                i++;
        }
    }

    private void Reset()
    {
        for (int i = 0; _reset < _script.Total;)
        {
            if (ResetOnce(_script.Resets[i % _script.Resets.Length]) == 0)
                O.Pause();
            else
                i++;
        }
    }

    private void HarvestAndReset()
    {
        for (int h = 0, r = 0; _reset < _script.Total;)
        {
            int harvested = HarvestOnce(_script.Harvests[h % _script.Harvests.Length]);
            int reset = ResetOnce(_script.Resets[r % _script.Resets.Length]);
            h += Math.Sign(harvested);
            r += Math.Sign(reset);
            if (harvested == 0 && reset == 0)
                O.Pause();
        }
    }

    // It does not wait for a resize to end: that is up to the producer's next push, and there may be none.
    private void ResizeAll()
    {
        for (int i = 1; i < _rings.Length; i++)
            ResizeIf(Resizer.Another);
    }

    private void ResizeIf(Resizer party)
    {
        if (party == _script.Resizer && _resizes + 1 < _rings.Length && !_core.IsResizing)
            _core.Replace(_rings[++_resizes]);
    }

    private int HarvestOnce(int most)
    {
        ResizeIf(Resizer.Harvester);
        var sink = new Sink(this);
        return _core.Harvest(ref sink, most);
    }

    private int ResetOnce(int most)
    {
        ResizeIf(Resizer.Resetter);
        var target = new Target(this);
        return _core.Reset<Target, RefusePages<Target>>(ref target, most, CancellationToken.None).Entries;
    }

    private void Check()
    {
        Assert.Equal((_script.Total, _script.Total, _script.Total), (_pushed, _harvested, _reset));
        Assert.Equal(0u, _core.Used);
        Assert.Equal((uint)_script.Capacities[_resizes], _core.Capacity);
        foreach (DirtyRingCore<O> ring in _rings)
        {
            Assert.Equal((0ul, 0ul, 0ul), (ring.Control.ForeignFlags, ring.Control.ForgedResets, ring.Control.RefusedPages));
            Assert.Equal((0ul, 0ul), (ring.Control.ForgedEntries, ring.Control.OvertakenEntries));
        }
    }

    private readonly struct Sink(ResizableProgram program) : IDirtyEntrySink
    {
        public void Accept(uint slot, ulong offset)
        {
            Assert.True(program._harvested < program._script.Total, "an entry was invented");
            Assert.Equal((SlotOf(program._harvested), OffsetOf(program._harvested)), (slot, offset));
            program._harvested++;
        }
    }

    private readonly struct Target(ResizableProgram program) : IResetTarget
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
