using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;

namespace RingKit.Bench.Guest;

/// <summary>A device's write of 64 bytes, with a log and without one; with the log also the harvest of what it wrote.</summary>
public class DeviceWriteBenchmarks
{
    private const int PageCount = 4096;

    private readonly byte[] _data = new byte[64];
    private LoggedMachine _logged = null!;
    private LoggedMachine _unlogged = null!;

    [GlobalSetup]
    public void Setup()
    {
        _logged = new LoggedMachine(LogKind.Bitmap, PageCount);
        _unlogged = new LoggedMachine(LogKind.None, PageCount);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _logged.Dispose();
        _unlogged.Dispose();
    }

    [Benchmark(OperationsPerInvoke = PageCount, Baseline = true)]
    public void NotLogged() => _unlogged.WriteAsDevice(PageCount, PageCount, _data);

    [Benchmark(OperationsPerInvoke = PageCount)]
    public void Logged() => _logged.WriteAsDevice(PageCount, PageCount, _data);

    [Benchmark(OperationsPerInvoke = PageCount)]
    public long LoggedAndHarvested()
    {
        _logged.WriteAsDevice(PageCount, PageCount, _data);
        return _logged.Harvest();
    }
}
