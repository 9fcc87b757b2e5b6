using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using O = RingKit.Interleaving.ModelOrdering;

namespace RingKit.Properties.Stage2.Faults.Interleaving;

/// <summary>A thread of a <see cref="HandlerProgram"/>: no processor has a TLB, so there is nothing to invalidate.</summary>
internal readonly struct HandlerThread(HandlerProgram program, int self) : IStage2HostThread
{
    public void Relax() => O.Pause();

    public void MarkDirty(MemorySlot slot, ulong offset) => program.Mark(self, offset);

    public void InvalidateIpa(ulong ipa, int level)
    {
    }

    public void InvalidateRange(ulong ipa, ulong size)
    {
    }

    public void InvalidateAll()
    {
    }

    public void InvalidateLocal(ulong ipa, int level)
    {
    }

    public void Changed(ulong ipa, int level, Stage2Descriptor before, Stage2Descriptor after)
    {
    }

    public void TableTaken(ulong table)
    {
    }

    public void TableFreed(ulong table)
    {
    }
}
