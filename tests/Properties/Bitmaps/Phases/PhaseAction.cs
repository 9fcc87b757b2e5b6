namespace RingKit.Properties.Bitmaps.Phases;

/// <summary>What a thread of a two-phase program does next.</summary>
internal enum PhaseAction
{
    /// <summary>Stores to a page and marks it.</summary>
    Mark,

    /// <summary>Takes all, copies what is held, and confirms each mask that it has copied.</summary>
    Send,

    /// <summary>Takes all, copies one held page and confirms it; the rest stays held.</summary>
    SendOne,

    /// <summary>Takes all, copies what is held, finds that the transfer has failed, and puts all back.</summary>
    SendInVain,

    /// <summary>Takes all and leaves it held.</summary>
    Take,

    /// <summary>Puts back whatever is held.</summary>
    PutBack,

    /// <summary>Looks at what is held, and at the pages.</summary>
    Read,

    /// <summary>Clears one page by a mask, and copies it if it was dirty.</summary>
    Clear,

    /// <summary>Harvests one dirty page from the cursor on, and copies it.</summary>
    HarvestOne,
}
