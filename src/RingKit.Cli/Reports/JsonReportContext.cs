using System.Text.Json.Serialization;
using RingKit.Cli.Reports.Harvest;
using RingKit.Cli.Reports.Hpt;
using RingKit.Cli.Reports.Info;
using RingKit.Cli.Reports.Kvm;
using RingKit.Cli.Reports.Replay;

namespace RingKit.Cli.Reports;

/// <summary>What the commands print as JSON, serialised without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ReplayJsonReport))]
[JsonSerializable(typeof(HptJsonReport))]
[JsonSerializable(typeof(HarvestJsonReport))]
[JsonSerializable(typeof(MachineInfo))]
[JsonSerializable(typeof(KvmRunJson))]
internal sealed partial class JsonReportContext : JsonSerializerContext;
