namespace RingKit.Mmu.Migration.Streams;

/// <summary>What a record of the migration stream is.</summary>
internal enum RecordKind : uint
{
    /// <summary>Pages: runs, contents and a checksum follow.</summary>
    Batch = 1,

    /// <summary>A point up to which the source wants to know that all has arrived.</summary>
    Mark = 2,

    /// <summary>The end: the destination has everything.</summary>
    End = 3,

    /// <summary>The source has given up; the destination is incomplete.</summary>
    Abandon = 4,

    /// <summary>The end of an epoch: the batches since the last one become valid together.</summary>
    Epoch = 5,
}
