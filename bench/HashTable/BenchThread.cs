using RingKit.Mmu.HashTable.Hypervisor;

namespace RingKit.Bench.HashTable;

/// <summary>The only thread of a host without processors: its tlbie costs nothing. A harvest's statistics count them.</summary>
internal struct BenchThread : IHostThread
{
    public readonly void Relax() => throw new InvalidOperationException("Nobody else is here.");

    public readonly void Tlbie(scoped ReadOnlySpan<ulong> indices)
    {
    }
}
