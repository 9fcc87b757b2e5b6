using System.Text.Json.Serialization;

namespace RingKit.Cli.Reports.Migrate;

/// <summary>What <c>ringkit migrate</c> prints as JSON, serialised without reflection: a line a property, for people who look for one.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(MigrateJsonReport))]
internal sealed partial class MigrateJsonContext : JsonSerializerContext;
