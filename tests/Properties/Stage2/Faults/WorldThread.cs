using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Properties.Stage2.Faults;

/// <summary>The one thread of a <see cref="FaultWorld"/>, as one of its vCPUs.</summary>
internal readonly struct WorldThread(FaultWorld world, int vcpu) : IStage2HostThread
{
    private readonly MaintainingThread _maintaining = world.Maintenance.ThreadOf(vcpu);

    public void Relax() => throw new InvalidOperationException("Nobody else is there to wait for.");

    public void MarkDirty(MemorySlot slot, ulong offset) => world.Mark(slot, offset);

    public void InvalidateIpa(ulong ipa, int level)
    {
        world.FlushedIpas.Add(ipa);
        if (world.FlushesAll)
            _maintaining.InvalidateAll();
        else
            _maintaining.InvalidateIpa(ipa, level);
    }

    public void InvalidateRange(ulong ipa, ulong size) => _maintaining.InvalidateRange(ipa, size);

    public void InvalidateAll() => _maintaining.InvalidateAll();

    public void InvalidateLocal(ulong ipa, int level) => _maintaining.InvalidateLocal(ipa, level);

    public void Changed(ulong ipa, int level, Stage2Descriptor before, Stage2Descriptor after) => _maintaining.Changed(ipa, level, before, after);

    public void TableTaken(ulong table) => _maintaining.TableTaken(table);

    public void TableFreed(ulong table) => _maintaining.TableFreed(table);
}
