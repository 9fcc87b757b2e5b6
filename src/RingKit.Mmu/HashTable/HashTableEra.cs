namespace RingKit.Mmu.HashTable;

/// <summary>How KVM kept C of entries that are gone, by generation. The bitmaps that a harvest returns differ in what they can say of large pages.</summary>
public enum HashTableEra
{
    /// <summary>The first version, 3.3 to 3.4: C in the rmap word, and lost when the same page was mapped anew before the next harvest.</summary>
    FirstRelease,

    /// <summary>C in the rmap word, one page for each entry, whatever its size (2012 to about 4.3).</summary>
    ChangedBit,

    /// <summary>C in the rmap word, with the size of the largest page that was changed (about 4.4 to 4.14).</summary>
    ChangedOrder,

    /// <summary>C in the slot's dirty bitmap at once (4.15 and later).</summary>
    Current,
}
