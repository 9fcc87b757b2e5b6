using RingKit.Mmu.Guest;
using RingKit.Mmu.Tdp;

namespace RingKit.Bench.Tdp;

/// <summary>The one thread of a <see cref="TdpGuest"/>.</summary>
internal readonly struct TdpGuestThread(TdpGuest guest) : ITdpThread
{
    public void Relax() => throw new InvalidOperationException("Nobody else is there to wait for.");

    public void Synchronize() => guest.Drain();

    public void Flush(ulong firstGfn, ulong endGfn) => guest.Drain();

    public void MarkDirty(MemorySlot slot, ulong offset) => guest.Mark(offset);
}
