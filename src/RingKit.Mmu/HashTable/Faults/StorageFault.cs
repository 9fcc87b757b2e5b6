namespace RingKit.Mmu.HashTable.Faults;

/// <summary>A load or store of the guest that the processor did not translate: a hypervisor data storage interrupt.</summary>
/// <param name="Address">What was accessed.</param>
/// <param name="Status">Why it failed, and whether it was a store.</param>
/// <param name="StorageKey">The segment's key for the state that the guest is in: Ks, or Kp in problem state. Linux has Ks 0 and Kp 1.</param>
/// <param name="Amr">The guest's authority mask: two bits a key from the most significant on, no stores and no loads.</param>
internal readonly record struct StorageFault(VirtualAddress Address, Dsisr Status, bool StorageKey = false, ulong Amr = 0)
{
    /// <summary>Whether it was a store.</summary>
    public bool IsStore => (Status & Dsisr.Store) != Dsisr.None;
}
