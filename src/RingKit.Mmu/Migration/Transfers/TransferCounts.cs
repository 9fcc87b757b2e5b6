namespace RingKit.Mmu.Migration.Transfers;

/// <summary>What a transfer has sent.</summary>
/// <param name="Pages">Pages, zero pages among them.</param>
/// <param name="ZeroPages">Pages sent as a mark.</param>
/// <param name="Bytes">Bytes written.</param>
/// <param name="ContentBytes">Those of batches that had contents.</param>
/// <param name="ContentTime">The time that these batches took.</param>
internal readonly record struct TransferCounts(long Pages, long ZeroPages, long Bytes, long ContentBytes, TimeSpan ContentTime)
{
    /// <summary>What came after <paramref name="earlier"/>.</summary>
    public static TransferCounts operator -(TransferCounts later, TransferCounts earlier) => new(
        later.Pages - earlier.Pages,
        later.ZeroPages - earlier.ZeroPages,
        later.Bytes - earlier.Bytes,
        later.ContentBytes - earlier.ContentBytes,
        later.ContentTime - earlier.ContentTime);
}
