using RingKit.Ordering;

namespace RingKit.Mmu.Stage2.Machine;

/// <summary>Counts what the page table's code asked of a machine: invalidations by kind, tables.</summary>
/// <remarks>Thread role: a vCPU's tally by its thread, that of the host by any; read by any.</remarks>
/// <param name="isShared">Whether several threads count.</param>
internal sealed class Stage2Tally(bool isShared)
{
    private ulong _byIpa;
    private ulong _byRange;
    private ulong _ofAll;
    private ulong _local;
    private ulong _tablesTaken;
    private ulong _tablesFreed;

    /// <summary>What was counted so far, beside what is counted elsewhere.</summary>
    public Stage2Statistics Value => new()
    {
        InvalidationsByIpa = HardwareOrdering.LoadRelaxed(ref _byIpa),
        InvalidationsByRange = HardwareOrdering.LoadRelaxed(ref _byRange),
        InvalidationsOfAll = HardwareOrdering.LoadRelaxed(ref _ofAll),
        LocalInvalidations = HardwareOrdering.LoadRelaxed(ref _local),
        TablesTaken = HardwareOrdering.LoadRelaxed(ref _tablesTaken),
        TablesFreed = HardwareOrdering.LoadRelaxed(ref _tablesFreed),
    };

    public void CountIpa() => Count(ref _byIpa);

    public void CountRange() => Count(ref _byRange);

    public void CountAll() => Count(ref _ofAll);

    public void CountLocal() => Count(ref _local);

    public void CountTaken() => Count(ref _tablesTaken);

    public void CountFreed() => Count(ref _tablesFreed);

    private void Count(ref ulong counter)
    {
        ulong seen = HardwareOrdering.LoadRelaxed(ref counter);
        if (!isShared)
        {
            HardwareOrdering.StoreRelaxed(ref counter, seen + 1);
            return;
        }

        for (ulong found; (found = HardwareOrdering.CompareExchangeRelaxed(ref counter, seen + 1, seen)) != seen; seen = found)
        {
        }
    }
}
