namespace RingKit.Mmu.Stage2;

/// <summary>A vCPU's thread over a <see cref="TlbMaintenance"/>: does what it is asked in all TLBs, counts it, and tells the checker.</summary>
internal readonly struct MaintainingThread(TlbMaintenance maintenance, int vcpu) : IStage2Thread
{
    public void InvalidateIpa(ulong ipa, int level)
    {
        maintenance.ByIpa++;
        foreach (Stage2Tlb tlb in maintenance.Tlbs)
            tlb.Invalidate(ipa, level);
        maintenance.Checker.InvalidatedIpa(ipa, level);
    }

    public void InvalidateRange(ulong ipa, ulong size)
    {
        maintenance.ByRange++;
        foreach (Stage2Tlb tlb in maintenance.Tlbs)
            tlb.InvalidateRange(ipa, size);
        maintenance.Checker.InvalidatedRange(ipa, size);
    }

    public void InvalidateAll()
    {
        maintenance.OfAll++;
        foreach (Stage2Tlb tlb in maintenance.Tlbs)
            tlb.InvalidateAll();
        maintenance.Checker.InvalidatedAll();
    }

    // The checker is not told: what other vCPUs hold is still there.
    public void InvalidateLocal(ulong ipa, int level)
    {
        maintenance.Local++;
        maintenance.Tlbs[vcpu].Invalidate(ipa, level);
    }

    public void Changed(ulong ipa, int level, Stage2Descriptor before, Stage2Descriptor after) =>
        maintenance.Checker.Changed(ipa, level, before, after);

    public void TableTaken(ulong table) => maintenance.Checker.TableTaken(table);

    public void TableFreed(ulong table) => maintenance.Checker.TableFreed(table);
}
