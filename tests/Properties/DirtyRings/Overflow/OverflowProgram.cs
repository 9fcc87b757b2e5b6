using RingKit.Bitmaps.Cores;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Overflow;
using RingKit.DirtyRings.Resetting;
using RingKit.Interleaving;
using RingKit.Memory;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.DirtyRings.Overflow;

/// <summary>A vCPU that stores to pages and pushes them, against collections that copy them, on the model of memory.</summary>
/// <remarks>
/// The pages' words are atomic and in no order, as guest memory is: only the ring and the bitmap order them. When both have ended, one more
/// collection copies what is dirty, and then the copy must equal the memory. The counters are the test's own, see <see cref="DirtyRingProgram"/>.
/// </remarks>
internal sealed class OverflowProgram : IDisposable
{
    /// <summary>Pages of the only slot: two words of its bitmap.</summary>
    public const int PagesOfSlot = 65;

    private const uint Slot = 1;

    private readonly OverflowScript _script;
    private readonly NativeBlock<DirtyGfn> _entries;
    private readonly NativeBlock<ulong> _words = new(2);
    private readonly NativeBlock<ulong> _memory = new(PagesOfSlot);
    private readonly OverflowingCore<O> _core;
    private readonly ulong[] _copied = new ulong[PagesOfSlot];
    private readonly int[] _pushes = new int[PagesOfSlot];
    private readonly int[] _takes = new int[PagesOfSlot];
    private int _batches;
    private int _entriesReset;

    private OverflowProgram(OverflowScript script)
    {
        _script = script;
        _entries = new NativeBlock<DirtyGfn>((nuint)script.Capacity);
        _core = new OverflowingCore<O>(
            new DirtyRingCore<O>(_entries.View, reservedEntries: 0, script.Start),
            [(Slot, new DirtyBitmapCore<O>(_words.View, PagesOfSlot))]);
        Explorer.Name(ref _core.Control.Overflowed, "Overflowed");
        Explorer.Name(ref _words[0], "bits[0..63]");
        Explorer.Name(ref _words[1], "bits[64]");
        foreach (int page in script.Pages)
            Explorer.Name(ref _memory[(nuint)page], $"page {page}");
        DirtyRingNames.Name(_core.Ring, _entries);
    }

    public static ModelProgram Of(OverflowScript script) =>
        new ModelProgram<OverflowProgram>($"overflow: {script}", () => new OverflowProgram(script), p => p.Produce(), p => p.Collect())
        {
            Finally = p => p.Check(),
        };

    public void Dispose()
    {
        _core.Dispose();
        _entries.Dispose();
        _words.Dispose();
        _memory.Dispose();
    }

    private void Produce()
    {
        for (int i = 0; i < _script.Pages.Length; i++)
        {
            int page = _script.Pages[i];
            O.StoreRelaxed(ref _memory[(nuint)page], (ulong)i + 1);
            _pushes[page]++;
            Assert.NotEqual(PushResult.Full, _core.Push(Slot, (ulong)page));
        }
    }

    private void Collect()
    {
        for (int i = 0; i < _script.Collections; i++)
        {
            try
            {
                CollectOnce();
            }
            catch (IOException)
            {
            }
        }
    }

    private void CollectOnce()
    {
        var target = new Target(this);
        _entriesReset += _core.Collect<Target, RefusePages<Target>>(ref target).Entries;
    }

    private void Take(int page)
    {
        Assert.True(_pushes[page] > _takes[page], $"page {page} was taken more often than it was pushed");
        _takes[page]++;
        _copied[page] = O.LoadRelaxed(ref _memory[(nuint)page]);
    }

    private void Check()
    {
        _batches = int.MinValue;
        CollectOnce();
        Assert.Equal((0u, false), (_core.Ring.Used, _core.IsOverflowed));
        Assert.Equal([0ul, 0ul], _words.View.AsSpan().ToArray());
        if (_script.FailingBatch < 0)
            Assert.Equal(_script.Pages.Length, _entriesReset + (int)_core.FallBacks);
        foreach (int page in _script.Pages)
        {
            Assert.True(
                _copied[page] == _memory[(nuint)page],
                $"the copy of page {page} lacks a store: {_copied[page]} instead of {_memory[(nuint)page]}");
        }
    }

    private readonly struct Target(OverflowProgram program) : IResetTarget
    {
        public ulong PagesIn(uint slot) => PagesOfSlot;

        public void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            Assert.Equal(Slot, slot);
            if (program._batches++ == program._script.FailingBatch)
                throw new IOException("The page tables refuse.");
            for (; mask != 0; mask >>= 1, baseOffset++)
            {
                if ((mask & 1) != 0)
                    program.Take((int)baseOffset);
            }
        }
    }
}
