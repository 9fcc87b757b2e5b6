namespace RingKit.Mmu.HashTable.Harvesting;

/// <summary>How a harvest finds the entries whose C is set. What it reports, and what it leaves in the table, is the same with each.</summary>
internal enum HarvestMethod
{
    /// <summary>By each page's chain, under the lock of its rmap word: the walk of 2011.</summary>
    Walk,

    /// <summary>The same for pages that have a chain or C of an entry that is gone; vectors of rmap words find them.</summary>
    FilteredWalk,

    /// <summary>By one pass over the table, for all slots that log.</summary>
    Sweep,

    /// <summary><see cref="FilteredWalk"/> or <see cref="Sweep"/>, as <see cref="HarvestCosts"/> estimates from a few pages.</summary>
    Cheapest,
}
