using BenchmarkDotNet.Attributes;
using RingKit.Mmu.Tdp;

namespace RingKit.Bench.Tdp;

/// <summary>Stopping the log of 1 GiB that logging has split into 4K pages: large mappings made in place, or taken away for the next accesses to make. Both until all is large.</summary>
public class TdpStopBenchmarks
{
    private const ulong Pages = 1ul << 18;

    private TdpGuest _guest = null!;

    [GlobalSetup(Target = nameof(RecoverInPlace))]
    public void SetupInPlace() => _guest = new TdpGuest(Pages, new TdpOptions { Recovery = TdpRecovery.InPlace });

    [GlobalSetup(Target = nameof(ZapAndRefault))]
    public void SetupZap() => _guest = new TdpGuest(Pages, new TdpOptions { Recovery = TdpRecovery.Zap });

    [GlobalCleanup]
    public void Cleanup() => _guest.Dispose();

    [IterationSetup]
    public void Dirty()
    {
        _guest.Store(0, Pages, step: 512);
        _guest.Start();
        _guest.Store(0, Pages);
    }

    [Benchmark(Baseline = true)]
    public ulong ZapAndRefault() => StopAndTouch(exits: Pages / 512);

    [Benchmark]
    public ulong RecoverInPlace() => StopAndTouch(exits: 0);

    private ulong StopAndTouch(ulong exits)
    {
        _guest.Stop();
        ulong left = _guest.Store(0, Pages, step: 512);
        return left == exits ? left : throw new InvalidOperationException($"The guest was left {left} times, not {exits}.");
    }
}
