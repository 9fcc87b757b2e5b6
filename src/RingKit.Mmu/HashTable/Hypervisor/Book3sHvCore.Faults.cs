namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>Faults, first level: what can be told from the table alone.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    /// <summary>Judges a fault by the guest's own words: whether it is the guest's, is over, or is the host's to mend.</summary>
    /// <param name="thread">The vCPU's thread.</param>
    /// <param name="fault">The fault.</param>
    /// <remarks>Source: KVM's <c>kvmppc_hpte_hv_fault</c>, for data.</remarks>
    internal FirstLevelFault JudgeFault<TThread>(ref TThread thread, in StorageFault fault)
        where TThread : struct, IHostThread, allows ref struct
    {
        bool noEntry = fault.Status.HasFlag(Dsisr.NoEntry);
        ulong states = noEntry ? HpteV.Valid | HpteV.Absent : HpteV.Valid;
        if (!TryFindAndLock(ref thread, fault.Address, states, out ulong index, out Hpte entry))
            return noEntry ? new FirstLevelFault(FaultOutcome.Reflect, fault.Status) : new FirstLevelFault(FaultOutcome.Retry);

        ulong guestR = Chains.LoadGuestR(index);
        Table.Unlock(index, entry.V);
        if (noEntry && entry.IsValid)
            return new FirstLevelFault(FaultOutcome.Retry);

        Dsisr status = fault.Status & ~Dsisr.NoEntry;
        var guest = new Hpte(entry.V, guestR);
        if (!PageProtection.Allows(guest, fault.StorageKey, fault.IsStore))
            return new FirstLevelFault(FaultOutcome.Reflect, status | Dsisr.Protection);
        if (!PageProtection.KeyAllows(guest, fault.Amr, fault.IsStore))
            return new FirstLevelFault(FaultOutcome.Reflect, status | Dsisr.KeyFault);

        FaultOutcome outcome = (entry.R & HpteR.Key) == HpteR.Key ? FaultOutcome.Mmio : FaultOutcome.HostHandler;
        return new FirstLevelFault(outcome, status, new FaultSnapshot(index, entry));
    }
}
