namespace RingKit.Mmu.Migration.Streams;

/// <summary>What a destination has received over one connection.</summary>
/// <param name="IsComplete">Whether the source has sent its end: the memory is the guest's. False if the source gave up.</param>
/// <param name="Pages">Pages, zero pages among them; a page counts each time.</param>
/// <param name="ZeroPages">Pages that came as a mark.</param>
/// <param name="Batches">Batches.</param>
/// <param name="Bytes">Bytes of the stream.</param>
public readonly record struct MigrationReceipt(bool IsComplete, long Pages, long ZeroPages, long Batches, long Bytes);
