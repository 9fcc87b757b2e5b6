using System.Text.Json.Serialization;

namespace RingKit.Cli.Reports;

/// <summary>What the commands print as JSON, serialised without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(JsonReport))]
[JsonSerializable(typeof(HptJsonReport))]
[JsonSerializable(typeof(HarvestJsonReport))]
[JsonSerializable(typeof(MachineInfo))]
[JsonSerializable(typeof(KvmRunJson))]
internal sealed partial class JsonReportContext : JsonSerializerContext;
