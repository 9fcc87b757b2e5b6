using RingKit.Mmu.HashTable.Hypervisor;

namespace RingKit.Properties.HashTable;

/// <summary>The one thread of a <see cref="FaultMachine"/>.</summary>
internal readonly struct FaultThread(FaultMachine machine) : IHostThread
{
    public void Relax() => machine.Relax();

    public void Tlbie(scoped ReadOnlySpan<ulong> indices) => machine.Tlbie(indices);
}
