using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Properties.Stage2.Faults;

/// <summary>A thread that nobody watches, and that waits for nobody.</summary>
internal readonly struct QuietHostThread : IStage2HostThread
{
    public void Relax() => throw new InvalidOperationException("Nobody else is there to wait for.");

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
