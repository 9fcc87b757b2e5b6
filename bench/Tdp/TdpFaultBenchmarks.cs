using BenchmarkDotNet.Attributes;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;

namespace RingKit.Bench.Tdp;

/// <summary>One first store to a page, by what it takes; each benchmark prepares in its iteration what its stores use up.</summary>
public class TdpFaultBenchmarks
{
    private const int Pages = 1 << 16;
    private const int Ranges = Pages / 512;

    private TdpGuest _guest = null!;

    [GlobalSetup(Targets = [nameof(FixUp), nameof(MapPage)])]
    public void SetupSmall()
    {
        _guest = new TdpGuest(Pages, new TdpOptions { HostLevel = MappingLevel.Size4K });
        _guest.Store(0, Pages);
        _guest.Start();
    }

    [GlobalSetup(Target = nameof(ModificationLog))]
    public void SetupLog()
    {
        _guest = new TdpGuest(Pages, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog, HostLevel = MappingLevel.Size4K });
        _guest.Store(0, Pages);
        _guest.Start();
    }

    [GlobalSetup(Targets = [nameof(Split), nameof(MapLarge)])]
    public void SetupLarge()
    {
        _guest = new TdpGuest(Pages, new TdpOptions { SplitsEagerly = false });
        _guest.Store(0, Pages, step: 512);
        _guest.Start();
    }

    [GlobalCleanup]
    public void Cleanup() => _guest.Dispose();

    [IterationSetup(Targets = [nameof(FixUp), nameof(ModificationLog)])]
    public void Protect() => _guest.ProtectWords(Pages);

    [IterationSetup(Target = nameof(MapPage))]
    public void Unmap() => _guest.Zap();

    [IterationSetup(Target = nameof(Split))]
    public void MakeLarge()
    {
        _guest.Stop();
        _guest.Store(0, Pages, step: 512);
        _guest.Start();
    }

    [IterationSetup(Target = nameof(MapLarge))]
    public void UnmapLarge()
    {
        _guest.Stop();
        _guest.Zap();
    }

    /// <summary>Write protection: W is given back without a lock, and the page marked.</summary>
    [Benchmark(OperationsPerInvoke = Pages, Baseline = true)]
    public ulong FixUp() => _guest.Store(0, Pages);

    /// <summary>D is set and logged; a 512th of an exit, and of the drain that marks.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public ulong ModificationLog() => _guest.Store(0, Pages);

    /// <summary>A 4K leaf where there was none.</summary>
    [Benchmark(OperationsPerInvoke = Pages)]
    public ulong MapPage() => _guest.Store(0, Pages);

    /// <summary>A 2M leaf where there was none.</summary>
    [Benchmark(OperationsPerInvoke = Ranges)]
    public ulong MapLarge() => _guest.Store(0, Pages, step: 512);

    /// <summary>A large leaf becomes 512, one of them writable.</summary>
    [Benchmark(OperationsPerInvoke = Ranges)]
    public ulong Split() => _guest.Store(0, Pages, step: 512);
}
