using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;

namespace RingKit.Properties.Stage2.Logging;

/// <summary>A vCPU's thread in the single-threaded test world, whose marks go to one log.</summary>
internal readonly struct LoggedThread(MaintainingThread inner, MemslotLog<HardwareOrdering> log) : IStage2HostThread
{
    public void Relax() => throw new InvalidOperationException("There is one thread, and it waits for a lock.");

    public void MarkDirty(MemorySlot slot, ulong offset) => log.Mark(offset);

    public void InvalidateIpa(ulong ipa, int level) => inner.InvalidateIpa(ipa, level);

    public void InvalidateRange(ulong ipa, ulong size) => inner.InvalidateRange(ipa, size);

    public void InvalidateAll() => inner.InvalidateAll();

    public void InvalidateLocal(ulong ipa, int level) => inner.InvalidateLocal(ipa, level);

    public void Changed(ulong ipa, int level, Stage2Descriptor before, Stage2Descriptor after) => inner.Changed(ipa, level, before, after);

    public void TableTaken(ulong table) => inner.TableTaken(table);

    public void TableFreed(ulong table) => inner.TableFreed(table);
}
