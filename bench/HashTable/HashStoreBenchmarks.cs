using BenchmarkDotNet.Attributes;
using RingKit.Bench.Inputs;
using RingKit.Bench.Reporting;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;

namespace RingKit.Bench.HashTable;

/// <summary>One store of a guest with a hashed page table, by how far it has to go: to the TLB, to the table's primary or secondary group, or to a fault.</summary>
/// <remarks>
/// The guest's step is one store of 8 bytes; the look at the vCPU's requests between steps is part of the figure. Misses run round and round over four times as many
/// pages as the TLB has entries; their entries are warm in the processor's caches. <see cref="PageOutAndFault"/> takes each page away from the guest and lets it fault it
/// in again.
/// </remarks>
[AllocatesNothing]
public class HashStoreBenchmarks
{
    private const int Stores = 4096;
    private const int PagesThatHit = 64;
    private const int PagesThatMiss = 1024;
    private readonly GuestMemory _memory = new();
    private VirtualMachine _machine = null!;

    [Params(12, 16)]
    public int PageShift { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _memory.AddSlot(id: 0, baseGfn: 0, pageCount: 1 << 16);
        var size = new HptePageSize(PageShift, PageShift);
        _machine = new VirtualMachine(_memory, 1, new HashTableOptions { PageShift = PageShift, GuestPageSize = size, BackingShift = PageShift });
        Store(PagesThatMiss);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _machine.Dispose();
        _memory.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Stores, Baseline = true)]
    public void TlbHit() => Store(PagesThatHit);

    [Benchmark(OperationsPerInvoke = Stores)]
    public void TlbMiss() => Store(PagesThatMiss);

    [Benchmark(OperationsPerInvoke = PagesThatMiss)]
    public void PageOutAndFault()
    {
        _machine.HashTable!.PageOut(0, PagesThatMiss);
        var program = new StoreProgram(PagesThatMiss, PagesThatMiss);
        _machine.Vcpus[0].Run(ref program);
    }

    private void Store(int pages)
    {
        var program = new StoreProgram((ulong)pages, Stores);
        if (_machine.Vcpus[0].Run(ref program) is var exit and not VcpuExit.Halted)
            throw new InvalidOperationException($"The guest left with {exit}.");
    }
}
