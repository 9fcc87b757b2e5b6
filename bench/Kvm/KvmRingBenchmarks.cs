using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using RingKit.Bench.Reporting;
using RingKit.DirtyRings;
using RingKit.Kvm.DirtyLogging;
using RingKit.Memory;
using RingKit.Mmu;

namespace RingKit.Bench.Kvm;

/// <summary>The kernel's own dirty ring, as a real guest's stores have filled it: harvested in C# and in C, and reset by the kernel.</summary>
/// <remarks>
/// Both harvest the same entries where they lie: before each time their flags are put back, which the kernel does not look at before a reset. So the guest fills the ring
/// once. For a reset it has to fill it anew. What the guest's stores cost is not measured: under a KVM that emulates it says nothing.
/// </remarks>
[Config(typeof(KvmBenchmarksConfig))]
public class KvmRingBenchmarks
{
    private const int Entries = 8192;
    private const int RingEntries = 65536;
    private const int Words = 512;
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(500);

    private StoringGuest _guest = null!;
    private HarvestInC? _inC;
    private DirtyRing? _ring;
    private NativeView<DirtyGfn> _entries;
    private NativeBlock<ulong> _words = null!;
    private uint _fetch;
    private ulong _harvested;

    [GlobalSetup(Targets = [nameof(InCSharp), nameof(InC)])]
    public void Setup()
    {
        _guest = new StoringGuest(128 << 20, Entries, KvmLogForm.Ring, RingEntries);
        _guest.Store();
        _entries = _guest.Vcpu.DangerousRing;
        _words = new NativeBlock<ulong>(Words);
        for (nuint i = 0; i < Entries; i++)
        {
            if (_entries[i].Flags != DirtyGfn.Dirty)
                throw new InvalidOperationException($"Entry {i} was not published.");
        }

        // The guest's page tables, which the processor marks, are in entries of their own, behind and between.
        for (nuint i = Entries; i < _entries.Length && _entries[i].Flags != 0; i++)
            _entries[i].Flags = DirtyGfn.Reset;
        _inC = HarvestInC.TryLoad(out _);
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < WarmUp;)
        {
            PutBack();
            Check(InCSharp(), "C#");
            if (_inC is null)
                continue;
            PutBack();
            Check(InC(), "C");
        }
    }

    [GlobalSetup(Target = nameof(Reset))]
    public void SetupReset()
    {
        _guest = new StoringGuest(128 << 20, Entries, KvmLogForm.Ring, RingEntries);
        _words = new NativeBlock<ulong>(Words);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _ring?.Dispose();
        _inC?.Dispose();
        _words?.Dispose();
        _guest.Dispose();
    }

    [IterationSetup(Targets = [nameof(InCSharp), nameof(InC)])]
    public void PutBack()
    {
        for (nuint i = 0; i < Entries; i++)
            _entries[i].Flags = DirtyGfn.Dirty;
        _ring?.Dispose();
        _ring = DirtyRing.AttachToProducer(_entries);
        _fetch = 0;
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Entries)]
    public ulong InC() => _inC!.Harvest(_entries, ref _fetch, _words.View);

    [Benchmark(OperationsPerInvoke = Entries)]
    [AllocatesNothing]
    public ulong InCSharp()
    {
        var sink = new EntryBits(_words.View);
        return (ulong)_ring!.Harvester.Harvest(ref sink);
    }

    [IterationSetup(Target = nameof(Reset))]
    public void Fill()
    {
        _guest.Store();
        var sink = new EntryBits(_words.View);
        _harvested = (ulong)_guest.Vcpu.Harvester.Harvest(ref sink);
    }

    /// <summary>The kernel's part: it takes the entries back and protects their pages.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    [AllocatesNothing]
    public void Reset()
    {
        Errno error = _guest.Guest.Kvm.ResetDirtyRings(_harvested, out _);
        if (error != Errno.None)
            throw new InvalidOperationException($"The reset answers {error}.");
    }

    private static void Check(ulong count, string language)
    {
        if (count != Entries)
            throw new InvalidOperationException($"The harvest in {language} has {count} entries of {Entries}.");
    }
}
