namespace RingKit.Properties.DirtyRings.Mistakes;

/// <summary>What a harvester of a vCPU's dirty ring can do wrong, beside its memory order: the mutations of P17.</summary>
internal enum HarvestMistake
{
    /// <summary>Nothing: kick, harvest, reset, invalidate, copy.</summary>
    None,

    /// <summary>Pages are copied when their entries are harvested, and reset after that.</summary>
    CopiesBeforeReset,

    /// <summary>vCPUs stay in the guest, so that what their processors have logged by themselves is not in the rings.</summary>
    SkipsKick,

    /// <summary>The mask is consumed by the loop that clears a bitmap, and nothing is left to protect, as in the ring's first posting.</summary>
    ConsumesMask,

    /// <summary>TLBs go on to grant stores to pages that are protected again.</summary>
    SkipsInvalidation,
}
