using System.Numerics;
using RingKit.Interleaving;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Memslots;
using Xunit;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.DirtyLogging.Memslots;

/// <summary>A vCPU that stores and a user that fetches, on the model of memory; at the end the copy must equal what was stored.</summary>
/// <remarks>
/// A vCPU's step and a flush exclude each other, as they do in the machine, where a flush waits for the end of each step; a fault makes its page writable by an
/// atomic step and marks then. Memory itself is plain counters: one thread runs at a time, and what a step stored is there when it has ended.
/// </remarks>
internal sealed class MemslotLogProgram : IDisposable
{
    private const int Pages = 2;
    private const ulong Writable = 1;

    private readonly MemslotLog<O> _log;
    private readonly NativeBlock<ulong> _words = new(Pages + 1);
    private readonly int _harvests;
    private readonly ulong[] _memory = new ulong[Pages];
    private readonly ulong[] _copy = new ulong[Pages];
    private readonly bool[] _isRemembered = new bool[Pages];

    private MemslotLogProgram(MemslotLogOptions options, int harvests)
    {
        _log = new MemslotLog<O>(Pages, options);
        _harvests = harvests;
    }

    private ref ulong Step => ref _words[Pages];

    /// <summary>One vCPU stores to pages, one after the other; the user fetches, clears what he fetched in manual mode, and copies.</summary>
    /// <param name="options">How the log is fetched.</param>
    /// <param name="harvests">How often.</param>
    /// <param name="isDirtyFirst">Whether page 0 is marked before: another vCPU stored to it, and was flushed since.</param>
    /// <param name="stores">The pages.</param>
    public static ModelProgram<MemslotLogProgram> Of(MemslotLogOptions options, int harvests, bool isDirtyFirst, params int[] stores) => new(
        $"{options.ManualProtect} {options.Defects} {isDirtyFirst} {string.Join(' ', stores)} | {harvests} fetches",
        () => Begin(options, harvests, isDirtyFirst),
        p => p.Store(stores),
        p => p.Harvest(p._harvests))
    { Finally = p => p.Check() };

    public void Dispose()
    {
        _log.Dispose();
        _words.Dispose();
    }

    private static MemslotLogProgram Begin(MemslotLogOptions options, int harvests, bool isDirtyFirst)
    {
        var program = new MemslotLogProgram(options, harvests);
        var protection = new Protection(program);
        program._log.Start(ref protection);
        if (isDirtyFirst)
            program._log.Mark(0);
        return program;
    }

    private void Store(int[] pages)
    {
        foreach (int page in pages)
        {
            Take();
            ref ulong entry = ref _words[(nuint)page];
            if (!_isRemembered[page] && (O.LoadAcquire(ref entry) & Writable) == 0)
            {
                O.FetchOrRelease(ref entry, Writable);
                _log.Mark((ulong)page);
            }

            _isRemembered[page] = true;
            _memory[page]++;
            Release();
        }
    }

    private void Harvest(int times)
    {
        var protection = new Protection(this);
        Span<byte> bytes = stackalloc byte[8];
        for (; times > 0; times--)
        {
            Assert.Equal(Errno.None, _log.Get(ref protection, bytes));
            if (_log.ManualProtect != ManualProtect.None)
                Assert.Equal(Errno.None, _log.Clear(ref protection, 0, Pages, bytes));
            for (int page = 0; page < Pages; page++)
            {
                if ((bytes[0] >> page & 1) != 0)
                    _copy[page] = _memory[page];
            }
        }
    }

    private void Check()
    {
        Harvest(1);
        Assert.Equal(_memory, _copy);
    }

    private void Take()
    {
        while (O.CompareExchangeAcquire(ref Step, 1, 0) != 0)
            O.Pause();
    }

    private void Release() => O.StoreRelease(ref Step, 0);

    private readonly struct Protection(MemslotLogProgram program) : IMemslotProtection
    {
        public void Enter()
        {
        }

        public void Exit()
        {
        }

        public void ProtectAll()
        {
        }

        public void Protect(ulong firstPage, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
                O.FetchAndNotAcquire(ref program._words[(nuint)firstPage + (nuint)BitOperations.TrailingZeroCount(mask)], Writable);
        }

        public void Split(ulong firstPage, ulong count)
        {
        }

        public void Flush()
        {
            program.Take();
            Array.Clear(program._isRemembered);
            program.Release();
        }

        public void Sync()
        {
        }
    }
}
