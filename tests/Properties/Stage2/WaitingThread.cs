using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Properties.Support;

namespace RingKit.Properties.Stage2;

/// <summary>A thread of a crew that has a hook where it waits, and where it invalidates.</summary>
/// <param name="crew">Has the deadline, or null.</param>
/// <param name="onRelax">What it does each time that it waits, or null.</param>
/// <param name="onInvalidate">What an invalidation in all vCPUs does, or null.</param>
internal struct WaitingThread(Crew? crew, Action? onRelax = null, Action? onInvalidate = null) : IStage2HostThread
{
    private int _rounds;

    public void Relax()
    {
        onRelax?.Invoke();
        crew?.Idle(ref _rounds, "a lock");
    }

    public readonly void MarkDirty(MemorySlot slot, ulong offset) => throw new InvalidOperationException("The table records nothing.");

    public readonly void InvalidateIpa(ulong ipa, int level) => onInvalidate?.Invoke();

    public readonly void InvalidateRange(ulong ipa, ulong size) => onInvalidate?.Invoke();

    public readonly void InvalidateAll() => onInvalidate?.Invoke();

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
