namespace RingKit.Mmu.HashTable.Harvesting;

/// <summary>What a rule wants.</summary>
internal static class EntryRules
{
    /// <summary>Whether the rule wants a valid entry with this R.</summary>
    public static bool Wants(this EntryRule rule, ulong r) => rule switch
    {
        EntryRule.Changed => (r & HpteR.Changed) != 0,
        EntryRule.ChangedOrWritable => (r & HpteR.Changed) != 0 || new Hpte(0, r).IsWritable,
        _ => new Hpte(0, r).IsWritable,
    };
}
