namespace RingKit.Mmu.HashTable.Faults;

/// <summary>Whether an entry's protection and key let the guest do what it does.</summary>
/// <remarks>Source: Power ISA 2.07 book III, 5.7.10 and 5.7.11.</remarks>
internal static class PageProtection
{
    private const ulong ReadWrite = 2;

    /// <summary>Whether the page protection allows a load or a store.</summary>
    /// <param name="entry">Of R, the protection alone is looked at.</param>
    /// <param name="storageKey">Ks or Kp of the segment.</param>
    /// <param name="isStore">A store, not a load.</param>
    public static bool Allows(Hpte entry, bool storageKey, bool isStore)
    {
        ulong protection = entry.R & HpteR.Protection;
        return (storageKey, isStore) switch
        {
            (false, false) => true,
            (false, true) => protection <= ReadWrite,
            (true, false) => protection is >= 1 and <= HpteR.PpReadOnly,
            (true, true) => protection == ReadWrite,
        };
    }

    /// <summary>Whether the authority mask allows a load or a store to a page of the entry's key.</summary>
    public static bool KeyAllows(Hpte entry, ulong amr, bool isStore)
    {
        ulong denied = amr >> (62 - (2 * entry.Key));
        return (denied & (isStore ? 2UL : 1UL)) == 0;
    }
}
