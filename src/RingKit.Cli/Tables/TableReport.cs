using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Images;

namespace RingKit.Cli.Tables;

/// <summary>What <c>ringkit hpt</c> found in a table.</summary>
/// <param name="Image">The table, while it is not disposed.</param>
/// <param name="Counts">What is in it.</param>
/// <param name="Times">How long it takes to sweep.</param>
internal sealed record TableReport(TableImage Image, HptStatistics Counts, SweepTimes Times)
{
    public string FormatName => Image.Format switch
    {
        TableFormat.RawDump => "raw dump",
        TableFormat.KvmHtabStream => "KVM stream",
        _ => "QEMU stream",
    };

    public HashedPageTable Table => Image.Table;

    public static TableReport Of(TableImage image) => new(image, HptStatistics.Of(image.Table), SweepTimes.Measure(image.Table.View));
}
