using System.Text.Json;
using RingKit.Cli.Tables;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Images;

namespace RingKit.Cli.Reports.Hpt;

/// <summary>Writes what is in a table for programs.</summary>
internal static class HptJson
{
    public static void Write(TableReport report, TextWriter output)
    {
        HptStatistics counts = report.Counts;
        var json = new HptJsonReport(
            counts.Entries,
            counts.Valid,
            counts.Referenced,
            counts.Changed,
            counts.Bolted,
            counts.Large,
            counts.Secondary,
            counts.Writable,
            counts.DistinctChangedFrames,
            counts.Absent,
            report.Image.Format switch
            {
                TableFormat.RawDump => "raw",
                TableFormat.KvmHtabStream => "kvm",
                _ => "qemu",
            },
            report.Table.Order,
            [.. counts.PageSizes.Select(size => new HptJsonReport.PageSize(size.Size.Bytes, 1UL << size.Size.BaseShift, size.Count))],
            counts.OfNoPageSize,
            new HptJsonReport.Sweep(
                report.Times.Scalar.TotalMicroseconds, report.Times.Simd.TotalMicroseconds, report.Times.Parallel.TotalMicroseconds));
        output.WriteLine(JsonSerializer.Serialize(json, JsonReportContext.Default.HptJsonReport));
    }
}
