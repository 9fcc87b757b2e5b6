using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Bench.Stage2;

/// <summary>A thread without processors: its invalidations cost nothing.</summary>
internal readonly struct TableThread : IStage2HostThread
{
    public void Relax() => throw new InvalidOperationException("Nobody else is here.");

    public void MarkDirty(MemorySlot slot, ulong offset)
    {
    }

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
