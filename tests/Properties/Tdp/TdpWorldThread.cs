using RingKit.Mmu.Guest;
using RingKit.Mmu.Tdp;

namespace RingKit.Properties.Tdp;

/// <summary>The one thread of a <see cref="TdpWorld"/>.</summary>
internal readonly struct TdpWorldThread(TdpWorld world) : ITdpThread
{
    public void Relax() => throw new InvalidOperationException("Nobody else is there to wait for.");

    public void Synchronize() => world.Drain();

    public void Flush(ulong firstGfn, ulong endGfn) => world.Flush(firstGfn, endGfn);

    public void MarkDirty(MemorySlot slot, ulong offset) => world.Mark(slot, offset);
}
