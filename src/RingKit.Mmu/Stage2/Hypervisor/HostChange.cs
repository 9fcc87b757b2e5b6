namespace RingKit.Mmu.Stage2.Hypervisor;

/// <summary>What the host does with a page.</summary>
internal enum HostChange
{
    /// <summary>Splits a transparent huge page.</summary>
    Split,

    /// <summary>Makes a transparent huge page of small ones, where one may be.</summary>
    Collapse,

    /// <summary>Moves a page, huge or not, to another physical address.</summary>
    Migrate,

    /// <summary>Writes a page out; it comes back with the next fault.</summary>
    Reclaim,

    /// <summary>Makes a page read-only until a store gets a copy.</summary>
    Share,

    /// <summary>Gives a store its copy.</summary>
    Copy,

    /// <summary>
    /// Merges a page with an equal one, read-only (KSM). The generation of 2014 maps what is there now at once, where it has a table
    /// (<see cref="Stage2HvCore{TOrdering}.SetSharedPage"/>).
    /// </summary>
    Merge,

    /// <summary>Breaks the memory of a page: hwpoison.</summary>
    Poison,
}
