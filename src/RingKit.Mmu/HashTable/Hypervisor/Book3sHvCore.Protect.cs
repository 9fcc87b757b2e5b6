using RingKit.Mmu.HashTable.Hypercalls;

namespace RingKit.Mmu.HashTable.Hypervisor;

/// <summary>H_PROTECT.</summary>
internal sealed partial class Book3sHvCore<TOrdering>
{
    // From where the hypercall has them to where R has them.
    private const int Pp0FromFlags = 55;
    private const int KeyHighFromFlags = 48;
    private const ulong ProtectionAndKey = HpteR.Protection | HpteR.NoExecute | HpteR.Key;

    /// <summary>Gives an entry another protection and key. The guest reads them back at once; the entry in the table gets no more rights by it.</summary>
    /// <param name="thread">The vCPU's thread.</param>
    /// <param name="flags">PP0 in bit 8, the key in bits 13, 12 and 11 to 9, N and PP as in R, and <see cref="HypercallFlags.Avpn"/>.</param>
    /// <param name="index">The entry.</param>
    /// <param name="avpn">What the flag compares V with.</param>
    /// <returns>H_PARAMETER: no such index. H_NOT_FOUND: no entry there, or not the one that is meant.</returns>
    internal HypercallStatus Protect<TThread>(ref TThread thread, ulong flags, ulong index, ulong avpn)
        where TThread : struct, IHostThread, allows ref struct
    {
        if (!Table.IsEntry(index))
            return HypercallStatus.Parameter;

        Hpte entry = Table.Lock(index, ref thread);
        if (!entry.IsPresent || ((flags & HypercallFlags.Avpn) != 0 && !HasAvpn(entry, avpn)))
        {
            Table.Unlock(index, entry.V);
            return HypercallStatus.NotFound;
        }

        ulong bits = ((flags << Pp0FromFlags) & HpteR.Pp0)
            | ((flags << KeyHighFromFlags) & HpteR.KeyHigh)
            | (flags & (HpteR.Pp | HpteR.NoExecute | HpteR.KeyLow));
        StoreGuestR(index, (Chains.LoadGuestR(index) & ~ProtectionAndKey) | bits);
        if (entry.IsValid)
            ProtectValid(ref thread, index, entry, entry with { R = (entry.R & ~ProtectionAndKey) | bits });
        Table.Unlock(index, entry.V);
        if (IsMmio(entry))
            CountMmioUpdate();
        return HypercallStatus.Success;
    }

    private void ProtectValid<TThread>(ref TThread thread, ulong index, Hpte before, Hpte after)
        where TThread : struct, IHostThread, allows ref struct
    {
        // The host's page may be read-only, so a page becomes writable by a fault alone, which asks the host.
        if (after.IsWritable && !before.IsWritable && !Has(HashTableDefects.ProtectGrantsWrite))
            after = after with { R = Hpte.MakeReadOnly(after.R) };
        if (after.R == before.R)
            return;

        ulong r = Invalidate(ref thread, index, (before.V & ~HpteV.Valid) | HpteV.Absent);
        if (!Has(HashTableDefects.ProtectReadsEarly))
            after = after with { R = after.R | (r & HpteR.ReferencedChanged) };
        Table.StoreR(index, after);
    }
}
