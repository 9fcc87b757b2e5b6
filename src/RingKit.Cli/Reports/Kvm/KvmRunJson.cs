using System.Text.Json;
using System.Text.Json.Serialization;
using RingKit.Cli.Commands.Options;
using RingKit.Cli.RealGuests;
using RingKit.Kvm.DirtyLogging;

namespace RingKit.Cli.Reports.Kvm;

/// <summary>The object that <c>ringkit kvm run --json</c> prints. Programs rely on the names of the properties, in snake case.</summary>
internal sealed record KvmRunJson(
    string Device,
    string Log,
    int Pages,
    string Pattern,
    int Vcpus,
    int RingEntries,
    IReadOnlyList<KvmRunJson.Harvest> Harvests,
    KvmRunJson.Harvest Total,
    ulong Stores,
    long WrittenPages,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] KvmRunJson.MoveCosts? Moves)
{
    public static void Write(KvmRunReport report, TextWriter output)
    {
        KvmRunSettings settings = report.Settings;
        var json = new KvmRunJson(
            settings.DevicePath,
            settings.Log.Name,
            settings.Pages,
            KvmOptions.NameOf(settings.Pattern),
            settings.Vcpus,
            settings.Log.RealForm == KvmLogForm.Ring ? settings.RingEntries : 0,
            [.. report.Intervals.Select((interval, index) => Harvest.Of(interval, index))],
            Harvest.Of(report.Total, index: null),
            report.Stores,
            report.WrittenPages,
            report.Moves is { } moves ? new MoveCosts(moves.Count, moves.Refused, moves.Time.TotalMicroseconds, moves.Standstill.TotalMicroseconds) : null);
        output.WriteLine(JsonSerializer.Serialize(json, JsonReportContext.Default.KvmRunJson));
    }

    /// <summary>The moves of a log that moves.</summary>
    internal sealed record MoveCosts(ulong Count, ulong Refused, double Us, double StandstillUs);

    /// <summary>One harvest, or all of them, and then without an index.</summary>
    internal sealed record Harvest(
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Index,
        double Ms,
        long DirtyPages,
        ulong Entries,
        long FullRings,
        double HarvestUs)
    {
        public static Harvest Of(in KvmInterval interval, int? index) =>
            new(index, interval.Time.TotalMilliseconds, interval.DirtyPages, interval.Entries, interval.FullRings, interval.HarvestTime.TotalMicroseconds);
    }
}
