using RingKit.Mmu.HashTable.Faults;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>Faults, first level: what can be told from the table alone.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    /// <summary>Judges a fault by the guest's own words: whether it is the guest's, is over, or is the host's to mend.</summary>
    /// <param name="thread">The vCPU's thread.</param>
    /// <param name="fault">The fault.</param>
    /// <param name="cache">What the vCPU remembers of devices, or null.</param>
    /// <remarks>Source: KVM's <c>kvmppc_hpte_hv_fault</c>, for data.</remarks>
    internal FirstLevelFault JudgeFault<TThread>(ref TThread thread, in StorageFault fault, MmioCache? cache = null)
        where TThread : struct, IHostThread, allows ref struct
    {
        bool noEntry = (fault.Status & Dsisr.NoEntry) != Dsisr.None;
        ulong generation = noEntry && cache is not null ? MmioGeneration : 0;         // E70: before the table and the slots
        if (generation == 0 || !cache!.TryFind(fault.Address, generation, out FaultSnapshot snapshot, out ulong guestR))
        {
            ulong states = noEntry ? HpteV.Valid | HpteV.Absent : HpteV.Valid;
            if (!TryFindAndLock(ref thread, fault.Address, states, out ulong index, out Hpte found))
                return noEntry ? new FirstLevelFault(FaultOutcome.Reflect, fault.Status) : new FirstLevelFault(FaultOutcome.Retry);

            guestR = Chains.LoadGuestR(index);
            Table.Unlock(index, found.V);
            snapshot = new FaultSnapshot(index, found, generation);
        }

        Hpte entry = snapshot.Entry;
        if (noEntry && entry.IsValid)
            return new FirstLevelFault(FaultOutcome.Retry);

        Dsisr status = fault.Status & ~Dsisr.NoEntry;
        var guest = new Hpte(entry.V, guestR);
        if (!PageProtection.Allows(guest, fault.StorageKey, fault.IsStore))
            return new FirstLevelFault(FaultOutcome.Reflect, status | Dsisr.Protection);
        if (!PageProtection.KeyAllows(guest, fault.Amr, fault.IsStore))
            return new FirstLevelFault(FaultOutcome.Reflect, status | Dsisr.KeyFault);

        FaultOutcome outcome = (entry.R & HpteR.Key) == HpteR.Key ? FaultOutcome.Mmio : FaultOutcome.HostHandler;
        return new FirstLevelFault(outcome, status, snapshot);
    }
}
