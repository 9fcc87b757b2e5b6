namespace RingKit.Properties.Bitmaps;

/// <summary>The calls of a bitmap program. Whatever marks a page stores to the page first.</summary>
internal enum BitmapAction
{
    Mark,
    TryMark,
    MarkRange,
    TryMarkRange,

    /// <summary>Two rows of pages.</summary>
    MarkRectangle,

    /// <summary>Wrong on purpose: does not mark a page that is dirty already. docs/bitmaps.md shows what it loses.</summary>
    MarkUnlessDirty,

    HarvestMasks,
    HarvestRuns,
    HarvestIndices,

    /// <summary>A harvest whose sink throws at the first page: it is dirty again.</summary>
    HarvestRefused,

    /// <summary>Asks whether a page is dirty, and reads it if so.</summary>
    Look,

    /// <summary>Copies the bitmap, and reads the pages that are dirty in the copy.</summary>
    Snapshot,

    /// <summary>Asks twice, and reads what the failed sink left if the page was clean and is dirty again.</summary>
    LookForReturn,
}
