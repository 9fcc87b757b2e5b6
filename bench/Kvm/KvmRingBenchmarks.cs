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
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(500);

    private StoringGuest _guest = null!;
    private HarvestInC? _inC;
    private DirtyRing? _ring;
    private NativeView<DirtyGfn> _entries;
    private ulong _expected;
    private uint _fetch;
    private ulong _sum;

    [GlobalSetup(Targets = [nameof(InCSharp), nameof(InC)])]
    public void Setup()
    {
        _guest = new StoringGuest(128 << 20, Entries, KvmLogForm.Ring, RingEntries);
        _guest.Store();
        _entries = _guest.Vcpu.DangerousRing;
        for (nuint i = 0; i < Entries; i++)
        {
            if (_entries[i].Flags != DirtyGfn.Dirty)
                throw new InvalidOperationException($"Entry {i} was not published.");
            _expected += _entries[i].Slot + _entries[i].Offset;
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
    public void SetupReset() => _guest = new StoringGuest(128 << 20, Entries, KvmLogForm.Ring, RingEntries);

    [GlobalCleanup]
    public void Cleanup()
    {
        _ring?.Dispose();
        _inC?.Dispose();
        _guest.Dispose();
    }

    [IterationSetup(Targets = [nameof(InCSharp), nameof(InC)])]
    public void PutBack()
    {
        for (nuint i = 0; i < Entries; i++)
            _entries[i].Flags = DirtyGfn.Dirty;
        _ring?.Dispose();
        _ring = DirtyRing.AttachToProducer(_entries);
        (_fetch, _sum) = (0, 0);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Entries)]
    public ulong InC()
    {
        _inC!.Harvest(_entries, ref _fetch, ref _sum);
        return _sum;
    }

    [Benchmark(OperationsPerInvoke = Entries)]
    [AllocatesNothing]
    public ulong InCSharp()
    {
        var sink = default(EntrySum);
        _ring!.Harvester.Harvest(ref sink);
        return sink.Sum;
    }

    [IterationSetup(Target = nameof(Reset))]
    public void Fill()
    {
        _guest.Store();
        var sink = default(EntrySum);
        _sum = (ulong)_guest.Vcpu.Harvester.Harvest(ref sink);
    }

    /// <summary>The kernel's part: it takes the entries back and protects their pages.</summary>
    [Benchmark(OperationsPerInvoke = Entries)]
    [AllocatesNothing]
    public void Reset()
    {
        Errno error = _guest.Guest.Kvm.ResetDirtyRings(_sum, out _);
        if (error != Errno.None)
            throw new InvalidOperationException($"The reset answers {error}.");
    }

    private void Check(ulong sum, string language)
    {
        if (sum != _expected)
            throw new InvalidOperationException($"The harvest in {language} adds up to {sum}, and the entries to {_expected}.");
    }
}
