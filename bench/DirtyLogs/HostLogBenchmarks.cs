using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Reporting;
using RingKit.Kvm.Host;
using RingKit.Memory;

namespace RingKit.Bench.DirtyLogs;

/// <summary>Plain memory that the host's kernel tracks: what protection, first writes and harvests cost, of 1,000 pages anywhere in it.</summary>
/// <remarks>
/// All pages are there before anything is measured, in small pages: once they were tracked they would be so anyway. An iteration is one invocation, as each step can be done
/// only once until the others are. Costs of faults and of TLB flushes are those of the kernel and of the hypervisor under it.
/// </remarks>
[Config(typeof(HostLogBenchmarksConfig))]
public class HostLogBenchmarks
{
    private const int Dirty = 1000;

    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(150);

    private readonly ulong[] _pages = new ulong[Dirty];
    private NativeBlock<byte> _memory = null!;
    private HostDirtyLog? _log;
    private HostDirtyTake? _take;
    private HostTracker? _tracker;
    private NativeBlock<PageRegion>? _regions;

    public static IEnumerable<int> Sizes => Grid.IsQuick ? [64] : [64, 1024];

    [ParamsSource(nameof(Sizes))]
    public int MiB { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        nuint page = (nuint)Environment.SystemPageSize;
        LetBeCompiled();
        _memory = new NativeBlock<byte>((nuint)MiB << 20, page);
        ulong pages = _memory.Length / page;
        var random = new Random(2025);
        HashSet<ulong> chosen = [];
        while (chosen.Count < Dirty)
            chosen.Add((ulong)random.NextInt64((long)pages));
        chosen.CopyTo(_pages);

        // Written while it is tracked, so that no huge pages come about.
        _log = new HostDirtyLog(_memory.View);
        _take = new HostDirtyTake(_log);
        for (nuint i = 0; i < _memory.Length; i += page)
            _memory[i] = 1;
        if (Harvest() != (long)pages || HarvestNothing() != 0)
            throw new InvalidOperationException($"The log does not report {pages} pages once.");
    }

    [GlobalSetup(Target = nameof(KernelAlone))]
    public void SetupKernel()
    {
        Setup();
        _log!.Dispose();
        _tracker = HostTracker.Open();
        _regions = new NativeBlock<PageRegion>(HostDirtyLog.DefaultRegions);
        _tracker.Track(Start, _memory.Length);
        FirstWrite();
        if (KernelAlone() == 0)
            throw new InvalidOperationException("The kernel reports nothing.");
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _tracker?.Dispose();
        _regions?.Dispose();
        _take?.Dispose();
        _log?.Dispose();
        _memory.Dispose();
    }

    [IterationSetup(Target = nameof(Protect))]
    public void Untrack() => _log!.Dispose();

    /// <summary>A new log: its check of itself is in it.</summary>
    [Benchmark]
    public void Protect() => _log = new HostDirtyLog(_memory.View);

    [IterationSetup(Targets = [nameof(FirstWrite), nameof(HarvestNothing)])]
    public void Clean() => _log!.Clear();

    [Benchmark(OperationsPerInvoke = Dirty)]
    public void FirstWrite()
    {
        foreach (ulong page in _pages)
            _memory[(nuint)page * (nuint)Environment.SystemPageSize]++;
    }

    [IterationSetup(Targets = [nameof(WriteAgain), nameof(Harvest), nameof(Look), nameof(TakeAndConfirm)])]
    public void Write()
    {
        _log!.Clear();
        FirstWrite();
    }

    [Benchmark(OperationsPerInvoke = Dirty)]
    public void WriteAgain() => FirstWrite();

    [IterationSetup(Target = nameof(KernelAlone))]
    public void WriteForKernel()
    {
        _tracker!.Forget(Start, Start + _memory.Length);
        FirstWrite();
    }

    /// <summary>The system call of a harvest, and nothing else: the limit.</summary>
    [Benchmark(Baseline = true)]
    [AllocatesNothing]
    public unsafe ulong KernelAlone()
    {
        ulong regions = 0;
        for (nuint address = Start, end = Start + _memory.Length; address < end;)
            regions += _tracker!.Take(ref address, end, _regions!.View.DangerousPointer, _regions.Length, 0, out _);
        return regions;
    }

    [Benchmark]
    [AllocatesNothing]
    public long Harvest()
    {
        var sink = default(CountingSink);
        _log!.HarvestRuns(ref sink);
        return sink.Pages;
    }

    [Benchmark]
    [AllocatesNothing]
    public long HarvestNothing() => Harvest();

    /// <summary>The kernel's walk without protection.</summary>
    [Benchmark]
    [AllocatesNothing]
    public ulong Look() => _log!.Count();

    [Benchmark]
    [AllocatesNothing]
    public ulong TakeAndConfirm()
    {
        _take!.Take();
        return _take.Confirm();
    }

    // An iteration is one invocation: the loops over words are not compiled for good by that many.
    private static void LetBeCompiled()
    {
        const int Pages = 1024;
        using var memory = new NativeBlock<byte>((nuint)Pages * (nuint)Environment.SystemPageSize, (nuint)Environment.SystemPageSize);
        using var log = new HostDirtyLog(memory.View);
        using var take = new HostDirtyTake(log);
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < WarmUp;)
        {
            for (ulong page = 0; page < Pages; page += 9)
                log.Mark(page);
            take.Take();
            take.PutBack();
            var sink = default(CountingSink);
            log.HarvestRuns(ref sink);
            log.MarkRange(0, 3);
            log.Count();
            take.Take();
            take.Confirm();
        }
    }

    private unsafe nuint Start => (nuint)_memory.View.DangerousPointer;
}
