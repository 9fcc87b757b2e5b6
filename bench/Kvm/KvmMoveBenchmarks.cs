using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Kvm;
using RingKit.Kvm.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Bench.Kvm;

/// <summary>A real guest's move from rings to bitmaps and back: a new machine of the kernel's, with slots, vCPUs and their state, and the end of the old one.</summary>
/// <remarks>By the guest's size and its vCPUs, which are outside the guest, and have stored nothing. What a guest loses afterwards, until its pages are mapped again, is not in it.</remarks>
[Config(typeof(KvmBenchmarksConfig))]
public class KvmMoveBenchmarks
{
    private const int Moves = 2;

    private GuestMemory _memory = null!;
    private KvmGuest _guest = null!;

    public static IEnumerable<int> Sizes => Grid.IsQuick ? [64] : [64, 4096];

    public static IEnumerable<int> VcpuCounts => Grid.IsQuick ? [1] : [1, 4];

    [ParamsSource(nameof(Sizes))]
    public int MiB { get; set; }

    [ParamsSource(nameof(VcpuCounts))]
    public int Vcpus { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _memory = new GuestMemory();
        _memory.AddSlot(0, 0, ((ulong)MiB << 20) >> GuestPage.Shift);
        _guest = KvmGuest.Create(_memory, new KvmGuestOptions { Vcpus = Vcpus });
        foreach (KvmVcpu vcpu in _guest.Vcpus)
            vcpu.EnterRealMode(0x1000);
        _guest.Log.Start();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _guest.Dispose();
        _memory.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Moves)]
    public void Move()
    {
        _guest.Rehouse(KvmLogForm.Manual);
        _guest.Rehouse(KvmLogForm.Ring);
    }
}
