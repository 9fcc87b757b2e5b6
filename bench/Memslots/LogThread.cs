using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Bench.Memslots;

/// <summary>A thread whose vCPUs have no TLBs, so an invalidation costs nothing but its count; and the log that it marks.</summary>
internal struct LogThread(MemslotLog<HardwareOrdering> log) : IStage2HostThread
{
    /// <summary>Broadcast invalidations so far.</summary>
    public ulong Invalidations { get; private set; }

    public readonly void Relax()
    {
    }

    public readonly void MarkDirty(MemorySlot slot, ulong offset) => log.Mark(offset);

    public void InvalidateIpa(ulong ipa, int level) => Invalidations++;

    public void InvalidateRange(ulong ipa, ulong size) => Invalidations++;

    public void InvalidateAll() => Invalidations++;

    public readonly void InvalidateLocal(ulong ipa, int level)
    {
    }

    public readonly void Changed(ulong ipa, int level, Stage2Descriptor before, Stage2Descriptor after)
    {
    }

    public readonly void TableTaken(ulong table)
    {
    }

    public readonly void TableFreed(ulong table)
    {
    }
}
