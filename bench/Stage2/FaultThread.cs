using RingKit.Bitmaps;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Bench.Stage2;

/// <summary>A vCPU's thread that records in a bitmap, as KVM does. There are no processors, so invalidations cost nothing.</summary>
internal readonly struct FaultThread(DirtyBitmap log) : IStage2HostThread
{
    public void Relax() => throw new InvalidOperationException("Nobody else is here.");

    public void MarkDirty(MemorySlot slot, ulong offset) => log.Mark(offset);

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
