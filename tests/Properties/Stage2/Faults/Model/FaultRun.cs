using FsCheck;
using FsCheck.Fluent;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;

namespace RingKit.Properties.Stage2.Faults.Model;

/// <summary>A random run against a flat model: which pages of each slot were written since the log was last asked.</summary>
/// <remarks>
/// After each step everything that is mapped, or in a TLB, is what the host has there; no frame outside the slots is; what may be written and is not recorded is
/// in no table and no TLB. A harvest reports just what was written. At the end no reference is left.
/// </remarks>
internal sealed class FaultRun : IDisposable
{
    private const ulong Apart = 0x1_0000_0000;

    // Edges of blocks and words, in slots of 1024 pages.
    private static readonly ulong[] Pages = [0, 1, 3, 63, 64, 255, 256, 511, 512, 515, 767, 768, 1022, 1023];

    private readonly FaultWorld _world;
    private readonly HashSet<ulong>[] _written;

    private FaultRun(Stage2Generation generation, Stage2Defects defects)
    {
        _world = new FaultWorld(new Stage2Options { Generation = generation, Defects = defects, MaximumTables = 1024 }, LayOut);
        _written = [.. _world.Hypervisor.Slots.Select(_ => new HashSet<ulong>())];
    }

    public static Arbitrary<FaultStep[]> Scripts { get; } = Arb.From((
        from kind in Gen.Frequency(
            (8, Gen.Constant(FaultStepKind.Store)), (6, Gen.Constant(FaultStepKind.Load)), (8, Gen.Elements(Enum.GetValues<FaultStepKind>())))
        from a in Gen.Choose(0, 1 << 20)
        from b in Gen.Choose(0, 1 << 20)
        select new FaultStep(kind, a, b)).ArrayOf());

    public static void Run(FaultStep[] script, Stage2Generation generation, Stage2Defects defects = Stage2Defects.None)
    {
        using var run = new FaultRun(generation, defects);
        foreach (FaultStep step in script)
        {
            run.Apply(step);
            run._world.CheckRules();
            run._world.CheckReferences();
        }

        for (int slot = 0; slot < run._written.Length; slot++)
            run.Harvest(slot);
        run._world.Finish();
    }

    public void Dispose() => _world.Dispose();

    // Aligned, misaligned in a region that is larger, incongruent, hugetlbfs that is logged though it is read-only.
    private static void LayOut(FaultWorld world)
    {
        const ulong size = 2 * Block, half = Block / 2;
        world.AddSlot(Base, size, new HostRegionSettings(Userspace, size));
        world.Host.Add(new HostRegionSettings(Userspace + Apart, 4 * Block));
        world.AddSlot(Base + (4 * Block) + half, size, userspace: Userspace + Apart + half);
        world.Host.Add(new HostRegionSettings(Userspace + (2 * Apart), 4 * Block));
        world.AddSlot(Base + (8 * Block) + half, size, userspace: Userspace + (2 * Apart));
        world.AddSlot(
            Base + (12 * Block), size, new HostRegionSettings(Userspace + (3 * Apart), size) { Kind = HostRegionKind.HugeTlb2M }, isReadOnly: true);
    }

    private void Apply(FaultStep step)
    {
        // The first slot more often than the others.
        int slot = Math.Max(0, (step.A % 7) - 3), vcpu = step.B % 2;
        ulong page = Pages[step.B / 2 % Pages.Length];
        ulong ipa = _world.Slot(slot).BaseIpa + (page * Page), host = _world.Slot(slot).HostAddressOf(ipa);
        switch (step.Kind)
        {
            case FaultStepKind.Store:
                Store(slot, page, vcpu);
                break;
            case FaultStepKind.Load:
                Access(ipa, Stage2Access.Load, vcpu);
                break;
            case FaultStepKind.Fetch:
                Access(ipa, Stage2Access.Fetch, vcpu);
                break;
            case FaultStepKind.Harvest:
                Harvest(slot);
                break;
            case FaultStepKind.StartLog when !_world.Slot(slot).Memory.LogsDirtyPages:
                _written[slot].Clear();
                _world.StartLog(slot);
                break;
            case FaultStepKind.StopLog:
                Harvest(slot);
                _world.StopLog(slot);
                break;
            case FaultStepKind.Overtake when HostStep(step.A / 7) is { } act:
                _world.Hypervisor.Overtakes = at =>
                {
                    if (at == Stage2FaultStep.RegionSeen && step.B % 3 != 0)
                        return;
                    _world.Hypervisor.Overtakes = null;
                    act(host);
                };
                Store(slot, page, vcpu);
                _world.Hypervisor.Overtakes = null;
                break;
            case FaultStepKind.Age:
                _world.Hypervisor.Age(ref _world.Thread, host, Page);
                break;
            default:
                HostStep((int)step.Kind)?.Invoke(host);
                break;
        }
    }

    private Action<ulong>? HostStep(int choice)
    {
        Stage2HvCore<RingKit.Ordering.HardwareOrdering> hypervisor = _world.Hypervisor;
        return (FaultStepKind)(choice % (int)FaultStepKind.Overtake) switch
        {
            FaultStepKind.Invalidate => host => hypervisor.InvalidateRange(ref _world.Thread, host, Page),
            FaultStepKind.SplitHost => host => hypervisor.ChangeHostPage(ref _world.Thread, host, HostChange.Split),
            FaultStepKind.CollapseHost => host => hypervisor.ChangeHostPage(ref _world.Thread, host, HostChange.Collapse),
            FaultStepKind.Migrate => host => hypervisor.ChangeHostPage(ref _world.Thread, host, HostChange.Migrate),
            FaultStepKind.Reclaim => host => hypervisor.ChangeHostPage(ref _world.Thread, host, HostChange.Reclaim),
            FaultStepKind.Share => host => hypervisor.ChangeHostPage(ref _world.Thread, host, HostChange.Share),
            FaultStepKind.Merge => host => hypervisor.ChangeHostPage(ref _world.Thread, host, HostChange.Merge),
            _ => null,
        };
    }

    private void Store(int slot, ulong page, int vcpu)
    {
        ulong ipa = _world.Slot(slot).BaseIpa + (page * Page);
        if (_world.Slot(slot).IsReadOnly)
        {
            Assert.Equal(Stage2FaultOutcome.Mmio, _world.Access(ipa, Stage2Access.Store, out _, vcpu));
            return;
        }

        Access(ipa, Stage2Access.Store, vcpu);
        if (_world.Slot(slot).Memory.LogsDirtyPages)
            _written[slot].Add(page);
    }

    // The TLB has an entry now, and it leads to the host's page.
    private void Access(ulong ipa, Stage2Access kind, int vcpu)
    {
        Assert.Equal(Stage2FaultOutcome.Resume, _world.Access(ipa, kind, out _, vcpu));
        Assert.Equal(1, _world.Maintenance.Tlbs[vcpu].Lookup(ipa, out Stage2TlbEntry entry));
        ulong host = _world.Hypervisor.FindSlot(ipa)!.HostAddressOf(ipa);
        Assert.Equal(_world.Host.Find(host)!.Look(host, kind == Stage2Access.Store).Address, entry.Descriptor.OutputAddress(entry.Level) + (ipa - entry.Ipa));
        Assert.True(entry.Descriptor.IsReadable);
    }

    private void Harvest(int slot)
    {
        Assert.Equal(_written[slot].Order(), _world.Harvest(slot));
        _written[slot].Clear();
    }
}
