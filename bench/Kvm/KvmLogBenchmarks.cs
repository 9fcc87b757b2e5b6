using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Reporting;
using RingKit.DirtyRings;
using RingKit.Kvm.DirtyLogging;
using RingKit.Memory;

namespace RingKit.Bench.Kvm;

/// <summary>A harvest of a real guest's log, with all that belongs to it until the pages may be read: by GET_DIRTY_LOG, by GET and CLEAR, and by the ring.</summary>
/// <remarks>
/// By the guest's size, of which only the bitmaps need to know, and the number of pages that it has written since the last harvest. These lie anywhere in its first 128 MiB;
/// the rest of it is never touched. An iteration is one invocation, as the guest has to store anew before each harvest.
/// </remarks>
[Config(typeof(KvmBenchmarksConfig))]
[Charted("A harvest of a real guest's log, by how many pages the guest has written", nameof(Dirty), nameof(Form))]
public class KvmLogBenchmarks
{
    private const int RingEntries = 65536;
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(150);

    private StoringGuest _guest = null!;

    public static IEnumerable<int> Sizes => Grid.IsQuick ? [64] : [64, 256, 1024, 4096];

    public static IEnumerable<int> Amounts => Grid.IsQuick ? [100] : [0, 10, 100, 1000, 10_000];

    public static IEnumerable<KvmLogForm> Forms => [KvmLogForm.Bitmap, KvmLogForm.Manual, KvmLogForm.Ring];

    [ParamsSource(nameof(Sizes))]
    public int MiB { get; set; }

    [ParamsSource(nameof(Amounts))]
    public int Dirty { get; set; }

    [ParamsSource(nameof(Forms))]
    public KvmLogForm Form { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        if (Form == KvmLogForm.Ring)
            LetRingsBeCompiled();
        _guest = new StoringGuest((ulong)MiB << 20, Math.Max(1, Dirty), Form, RingEntries);
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < WarmUp;)
            Harvest();
        _guest.Store();
        long pages = Harvest();
        if (pages != Math.Max(1, Dirty))
            throw new InvalidOperationException($"The log has {pages} pages, and the guest has written {Dirty}.");
    }

    [GlobalCleanup]
    public void Cleanup() => _guest.Dispose();

    [IterationSetup]
    public void Store()
    {
        if (Dirty != 0)
            _guest.Store();
    }

    [Benchmark]
    [AllocatesNothing]
    public long Harvest()
    {
        var sink = default(StoredPages);
        _guest.Guest.Log.Harvest(ref sink);
        return sink.Count;
    }

    // A real guest fills its ring too slowly to have the loop over entries compiled for good.
    private static void LetRingsBeCompiled()
    {
        using var block = new NativeBlock<DirtyGfn>(1024);
        using var words = new NativeBlock<ulong>(512);
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < WarmUp;)
        {
            for (nuint i = 0; i < 512; i++)
                block[i] = new DirtyGfn { Flags = DirtyGfn.Dirty, Offset = i };
            using var ring = DirtyRing.AttachToProducer(block.View);
            var sink = new EntryBits(words.View);
            ring.Harvester.Harvest(ref sink);
            block.View.AsSpan().Clear();
        }
    }
}
