namespace RingKit.Mmu.Tdp;

/// <summary>What vCPUs do to leaves without a lock.</summary>
internal sealed partial class TdpTable<TOrdering>
{
    private const int MostFixUpTries = 4;

    /// <summary>The processor's part: walks, sets A and, for a store, D, and logs a D that it set.</summary>
    /// <param name="access">The access.</param>
    /// <param name="log">The vCPU's modification log, or null while it is off.</param>
    /// <param name="spte">The leaf that grants it, or the entry that does not.</param>
    /// <param name="level">Its level.</param>
    public TdpAccessResult Access(in TdpAccess access, PageModificationLog<TOrdering>? log, out Spte spte, out int level)
    {
        while (true)
        {
            ref ulong entry = ref Find(access.Gfn, out level, out spte);
            if (!spte.IsLeafAt(level) || !spte.Grants(access))
                return TdpAccessResult.Violation;
            ulong earned = Spte.AccessedBit | (access.IsWrite ? Spte.DirtyBit : 0);
            if ((spte.Raw & earned) == earned || spte.AccessDirty == SpteAccessDirty.Disabled)
                return TdpAccessResult.Granted;

            bool isLogged = access.IsWrite && !spte.IsDirty && log is not null && spte.AccessDirty == SpteAccessDirty.Enabled;
            if (isLogged && log!.IsFull)
                return TdpAccessResult.LogFull;

            // In no order: who clears D takes the log after a flush, by which this vCPU's part is done (E6).
            if (TOrdering.CompareExchangeRelaxed(ref entry, spte.Raw | earned, spte.Raw) != spte.Raw)
                continue;
            spte = new Spte(spte.Raw | earned);
            if (isLogged)
                log!.Push(access.Gfn);
            return TdpAccessResult.Granted;
        }
    }

    /// <summary>The lockless fix-up: gives W back to a leaf that lost it to a log. Linux: <c>fast_page_fault</c>.</summary>
    /// <param name="access">The access.</param>
    /// <param name="refusesLarge">Whether the slot is logged: then a large leaf has to be split first.</param>
    /// <returns>What it did, and <see cref="TdpFaultOutcome.None"/> if the fault needs more than that.</returns>
    public TdpFaultOutcome TryFixUp(in TdpAccess access, bool refusesLarge)
    {
        for (int i = 0; i < MostFixUpTries; i++)
        {
            ref ulong entry = ref Find(access.Gfn, out int level, out Spte seen);
            if (!seen.IsLeafAt(level) || (access.IsPrivate is { } wanted && wanted != seen.IsPrivate))
                return TdpFaultOutcome.None;
            if (seen.Grants(access))
                return TdpFaultOutcome.Spurious;
            if (!access.IsWrite || !seen.IsMmuWritable || (level > 1 && refusesLarge))
                return TdpFaultOutcome.None;

            // In no order: the page's record comes behind it and carries it to who takes the record (E4).
            if (TOrdering.CompareExchangeRelaxed(ref entry, seen.Raw | Spte.WriteBit, seen.Raw) == seen.Raw)
                return TdpFaultOutcome.FixedUp;
        }

        return TdpFaultOutcome.None;
    }
}
