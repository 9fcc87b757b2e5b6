using RingKit.Mmu.Migration;

namespace RingKit.Cli.Migrate;

/// <summary>A round of a migration, and what the guest did in it.</summary>
/// <param name="Round">The migration's figures.</param>
/// <param name="StoresPerSecond">Stores of all vCPUs a second; of the last round, in which they stand still, 0.</param>
internal readonly record struct RoundFigures(MigrationRound Round, double StoresPerSecond);
