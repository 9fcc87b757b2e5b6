using RingKit.DirtyRings;
using RingKit.DirtyRings.IndexPublished;
using RingKit.DirtyRings.Resetting;
using RingKit.Interleaving;
using RingKit.Memory;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.DirtyRings.IndexPublished;

/// <summary>The index-published dirty ring on the model of memory: in order, nothing lost, nothing invented, nothing torn.</summary>
public sealed class IndexPublishedInterleavings
{
    [Theory]
    [InlineData(1, 2, 0u)]
    [InlineData(2, 3, 0u)]
    [InlineData(2, 3, uint.MaxValue)]
    public void Two_parties_hand_every_entry_round(int capacity, int total, uint start) => RunAll(new ModelProgram<Ring>(
        $"push | harvest and reset, capacity {capacity}, {total} entries",
        () => new Ring(capacity, total, start),
        ring => ring.Produce(),
        ring => ring.HarvestAndReset())
    { Finally = ring => ring.Check() });

    [Fact]
    public void Three_parties_hand_every_entry_round() => RunAll(new ModelProgram<Ring>(
        "push | harvest | reset, capacity 1, 2 entries",
        () => new Ring(1, 2, 0),
        ring => ring.Produce(),
        ring => ring.Harvest(),
        ring => ring.Reset())
    { Finally = ring => ring.Check() });

    // With the indices read in the other order their distance may be that of a ring nearly full.
    [Fact]
    public void Used_is_never_more_than_was_pushed() => RunAll(new ModelProgram<Ring>(
        "push | harvest and reset | used, capacity 4, 1 entry",
        () => new Ring(4, 1, 0),
        ring => ring.Produce(),
        ring => ring.HarvestAndReset(),
        ring => ring.Observe())
    { Finally = ring => ring.Check() });

    private static void RunAll(ModelProgram program)
    {
        ExplorationResult result = Explorer.Explore(program).ThrowIfFailed();
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.IsComplete);
    }

    private sealed class Ring : IDisposable
    {
        private readonly NativeBlock<DirtyGfn> _entries;
        private readonly NativeBlock<uint> _indices = new(64);
        private readonly IndexPublishedCore<O, PowerOfTwoIndexing> _core;
        private readonly int _total;
        private int _pushed;
        private int _harvested;
        private int _reset;

        public Ring(int capacity, int total, uint start)
        {
            _total = total;
            _entries = new NativeBlock<DirtyGfn>((nuint)capacity);
            _core = new IndexPublishedCore<O, PowerOfTwoIndexing>(_entries.View, _indices.View, IndexLayout.Separate, 0, start);
        }

        public void Produce()
        {
            while (_pushed < _total)
            {
                if (_core.TryPush(1, (ulong)_pushed * 100) == PushResult.Full)
                    O.Pause();
                else
                    _pushed++;
            }
        }

        public void Harvest()
        {
            while (_harvested < _total)
            {
                if (HarvestOnce() == 0)
                    O.Pause();
            }
        }

        public void Reset()
        {
            while (_reset < _total)
            {
                if (ResetOnce() == 0)
                    O.Pause();
            }
        }

        public void HarvestAndReset()
        {
            while (_reset < _total)
            {
                int harvested = HarvestOnce();
                if (ResetOnce() == 0 && harvested == 0)
                    O.Pause();
            }
        }

        public void Observe() => Assert.True(_core.Used <= (uint)_total);

        public void Check()
        {
            Assert.Equal((_total, _total, _total), (_pushed, _harvested, _reset));
            Assert.Equal(0u, _core.Used);
            Assert.Equal((0ul, 0ul, 0ul), (_core.Control.ForgedAvails, _core.Control.ForgedFetches, _core.Control.RefusedPages));
        }

        public void Dispose()
        {
            _core.Dispose();
            _entries.Dispose();
            _indices.Dispose();
        }

        private int HarvestOnce()
        {
            var sink = new Sink(this);
            return _core.Harvest(ref sink, int.MaxValue);
        }

        private int ResetOnce()
        {
            var target = new Target(this);
            return _core.Reset<Target, RefusePages<Target>>(ref target, int.MaxValue).Entries;
        }

        private readonly struct Sink(Ring ring) : IDirtyEntrySink
        {
            public void Accept(uint slot, ulong offset) =>
                Assert.Equal((1u, (ulong)ring._harvested++ * 100), (slot, offset));
        }

        // Pages are 100 apart, so each is a batch of its own.
        private readonly struct Target(Ring ring) : IResetTarget
        {
            public ulong PagesIn(uint slot) => 1000;

            public void Reset(uint slot, ulong baseOffset, ulong mask)
            {
                Assert.Equal((1u, (ulong)ring._reset++ * 100, 1ul), (slot, baseOffset, mask));
                Assert.True(ring._reset <= ring._harvested, "an entry was reset before it was harvested");
            }
        }
    }
}
