namespace RingKit.Mmu.Stage2;

/// <summary>The rules that <see cref="Stage2Checker"/> watches.</summary>
internal enum Stage2ViolationKind
{
    /// <summary>A valid entry was replaced by one with another address, size or memory attributes, and was not invalid between.</summary>
    NotBroken,

    /// <summary>An entry was made while TLBs may still hold what was broken there.</summary>
    MadeBeforeInvalidation,

    /// <summary>A table was given back while TLBs may still hold what was in it.</summary>
    FreedBeforeInvalidation,

    /// <summary>A table was given back that was not in use.</summary>
    FreedTwice,

    /// <summary>A table is in use that no entry names.</summary>
    LeakedTable,

    /// <summary>A store could still go through an entry whose write permission was taken, or is not recorded under logging.</summary>
    StaleWritable,

    /// <summary>A TLB holds what the table does not say and no invalidation is due for.</summary>
    StaleTranslation,

    /// <summary>A TLB holds two entries of different size for one address.</summary>
    TlbConflict,
}
