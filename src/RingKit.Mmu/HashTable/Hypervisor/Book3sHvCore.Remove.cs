using RingKit.Mmu.HashTable.Hypercalls;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>H_REMOVE.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    /// <summary>Takes an entry out, valid or absent; R and C of it go to both views.</summary>
    /// <param name="thread">The vCPU's thread.</param>
    /// <param name="flags"><see cref="HypercallFlags.Avpn"/>, <see cref="HypercallFlags.AndCondition"/>, both or none.</param>
    /// <param name="index">The entry.</param>
    /// <param name="avpn">What the flags compare V with.</param>
    /// <returns>
    /// r4 is V and r5 the guest's own R, with all that the processors have set in it. Before <see cref="HashTableEra.ChangedOrder"/> V shows that an
    /// entry was absent. H_PARAMETER: no such index. H_NOT_FOUND: no entry there, or not the one that is meant.
    /// </returns>
    internal HypercallResult Remove<TThread>(ref TThread thread, ulong flags, ulong index, ulong avpn)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (!Table.IsEntry(index))
            return HypercallStatus.Parameter;

        Hpte entry = Table.Lock(index, ref thread);
        if (!entry.IsPresent
            || ((flags & HypercallFlags.Avpn) != 0 && !HasAvpn(entry, avpn))
            || ((flags & HypercallFlags.AndCondition) != 0 && HasAnyOf(entry, avpn)))
        {
            Table.Unlock(index, entry.V);
            return HypercallStatus.NotFound;
        }

        bool reusedEarly = entry.IsValid && Has(HashTableDefects.SlotReusedEarly);
        if (entry.IsValid)
        {
            ulong r = reusedEarly ? entry.R : Invalidate(ref thread, index, entry.V & ~HpteV.Valid);
            RemoveFromChain(ref thread, index, entry.PageSize!.Value, Has(HashTableDefects.RemovalReadsEarly) ? entry.R : r);
        }

        ulong guestR = Chains.LoadGuestR(index);
        StoreGuestR(index, guestR);
        Table.Unlock(index, 0);
        if (IsMmio(entry))
            CountMmioUpdate();
        if (reusedEarly)
            thread.Tlbie([index]);
        return new HypercallResult(
            HypercallStatus.Success, Options.Era < HashTableEra.ChangedOrder ? entry.V : ShownV(entry.V), guestR & ~HpteR.Modified);
    }

    private static bool HasAvpn(Hpte entry, ulong avpn) => (entry.V & HpteV.Compared) == avpn;

    // KVM looks at the locked word: a condition with HvLock fits no entry.
    private static bool HasAnyOf(Hpte entry, ulong bits) => ((entry.V | HpteV.HvLock) & bits) != 0;

    // The guest is not shown that the hypervisor has made an entry absent.
    private static ulong ShownV(ulong v) => (v & HpteV.Absent) == 0 ? v : (v & ~HpteV.Absent) | HpteV.Valid;
}
