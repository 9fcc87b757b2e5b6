using System.Numerics;
using RingKit.Interleaving;
using RingKit.Memory;
using RingKit.Mmu.DirtyLogging.Adaptive;
using RingKit.Mmu.DirtyLogging.Sinks;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.DirtyLogging.Adaptive;

/// <summary>vCPUs that store, and harvests that move the log from form to form, on the model of memory; at the end the copy must equal what was stored.</summary>
/// <remarks>
/// A vCPU's step and a flush exclude each other, as they do in the machine, where a flush waits for the end of each step; a fault makes its page writable and records
/// it then. Pages' words and page table entries are atomic and in no order, as guest memory is: only steps, flushes and the log's core order them. Each vCPU has a word of
/// its own in each page.
/// </remarks>
internal sealed class AdaptiveLogProgram : IDisposable
{
    private const int Pages = 65;
    private const ulong Writable = 1;

    private readonly AdaptiveScript _script;
    private readonly AdaptiveLogCore<O> _core;
    private readonly NativeBlock<ulong> _entries = new(Pages);
    private readonly NativeBlock<ulong> _steps;
    private readonly NativeBlock<ulong> _memory;
    private readonly ulong[] _copy;
    private readonly HashSet<int>[] _remembered;
    private readonly HashSet<int> _taken = [];
    private int _batches;

    private AdaptiveLogProgram(AdaptiveScript script)
    {
        _script = script;
        _core = new AdaptiveLogCore<O>([Pages], script.Stores.Length, script.RingEntries);
        _steps = new NativeBlock<ulong>((nuint)script.Stores.Length);
        _memory = new NativeBlock<ulong>((nuint)(Pages * script.Stores.Length));
        _copy = new ulong[Pages * script.Stores.Length];
        _remembered = [.. script.Stores.Select(_ => new HashSet<int>())];
        Explorer.Name(ref _core.Control.Form, "Form");
        Explorer.Name(ref _core.Control.Overflowed, "Overflowed");
        if (script.First == DirtyLogForm.Ring)
            return;
        _core.MoveTo(script.First);
        _core.ForgetOldForm();
    }

    public static ModelProgram Of(AdaptiveScript script) => new ModelProgram<AdaptiveLogProgram>(
        $"adaptive log: {script}",
        () => new AdaptiveLogProgram(script),
        [.. script.Stores.Select((_, vcpu) => (Action<AdaptiveLogProgram>)(p => p.Store(vcpu))), p => p.Harvest()])
    { Finally = p => p.Check() };

    public void Dispose()
    {
        _core.Dispose();
        _entries.Dispose();
        _steps.Dispose();
        _memory.Dispose();
    }

    private void Store(int vcpu)
    {
        ulong value = 0;
        foreach (int page in _script.Stores[vcpu])
        {
            Take(vcpu);
            ref ulong entry = ref _entries[(nuint)page];
            if (!_remembered[vcpu].Contains(page) && (O.LoadRelaxed(ref entry) & Writable) == 0)
            {
                O.OrRelaxed(ref entry, Writable);
                _core.Record(vcpu, 0, (ulong)page);
            }

            _remembered[vcpu].Add(page);
            O.StoreRelaxed(ref WordOf(vcpu, page), ++value);
            Release(vcpu);
        }
    }

    private void Harvest()
    {
        foreach (DirtyLogForm form in _script.Forms)
            HarvestOnce(form);
    }

    private void HarvestOnce(DirtyLogForm next)
    {
        try
        {
            var target = new Target(this);
            _core.Drain(ref target, out _, out _);
            if (_core.MoveTo(next) && _script.ForgetsOldForm)
                _core.ForgetOldForm();
        }
        catch (IOException)
        {
        }

        for (int vcpu = 0; vcpu < _remembered.Length; vcpu++)
        {
            Take(vcpu);
            _remembered[vcpu].Clear();
            Release(vcpu);
        }

        for (int vcpu = 0; vcpu < _remembered.Length; vcpu++)
        {
            foreach (int page in _taken)
                _copy[(vcpu * Pages) + page] = O.LoadRelaxed(ref WordOf(vcpu, page));
        }

        _taken.Clear();
    }

    private void Check()
    {
        _batches = int.MinValue;
        HarvestOnce(_core.Form);
        Assert.True(_memory.View.AsSpan().SequenceEqual(_copy), "the copy lacks a store");
    }

    private ref ulong WordOf(int vcpu, int page) => ref _memory[(nuint)((vcpu * Pages) + page)];

    private void Take(int vcpu)
    {
        while (O.CompareExchangeAcquire(ref _steps[(nuint)vcpu], 1, 0) != 0)
            O.Pause();
    }

    private void Release(int vcpu) => O.StoreRelease(ref _steps[(nuint)vcpu], 0);

    private readonly struct Target(AdaptiveLogProgram program) : IAdaptiveTarget
    {
        public ulong WordsRead => 0;

        public void Enter(int slot, SummaryPath path)
        {
        }

        public void Leave()
        {
        }

        public bool TryGiveBack(out ulong firstPage, out ulong mask)
        {
            firstPage = mask = 0;
            return false;
        }

        public ulong PagesIn(uint slot) => Pages;

        public void Accept(uint slot, ulong offset)
        {
        }

        public void Reset(uint slot, ulong baseOffset, ulong mask) => Accept(firstPage: baseOffset, mask);

        public void Accept(ulong firstPage, ulong mask)
        {
            if (program._batches++ == program._script.FailingBatch)
                throw new IOException("The page tables refuse.");
            for (; mask != 0; mask &= mask - 1)
            {
                int page = (int)firstPage + BitOperations.TrailingZeroCount(mask);
                O.AndNotRelaxed(ref program._entries[(nuint)page], Writable);
                program._taken.Add(page);
            }
        }
    }
}
