namespace RingKit.DirtyRings.Resetting;

/// <summary>What a reset does with a batch of which some pages lie outside the slot.</summary>
public enum OutOfRangePolicy
{
    /// <summary>Refuses those pages and protects the others.</summary>
    RefusePages,

    /// <summary>
    /// Refuses the whole batch, as Linux does: a page of it that is inside the slot stays writable, and later stores to it go unreported.
    /// </summary>
    RefuseBatch,
}
