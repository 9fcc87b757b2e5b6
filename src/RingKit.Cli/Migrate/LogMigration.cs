using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;

namespace RingKit.Cli.Migrate;

/// <summary>What a migration with one dirty log came to.</summary>
/// <param name="Log">The log's name.</param>
/// <param name="Result">The migration's result.</param>
/// <param name="Rounds">Its rounds.</param>
/// <param name="StoresBefore">Stores of all vCPUs a second, before the log started; null if they were not measured.</param>
/// <param name="Stalls">What the vCPUs lost from the log's start on.</param>
/// <param name="Cost">What the log cost.</param>
/// <param name="Memory">The destination's memory against the source's.</param>
internal sealed record LogMigration(
    string Log,
    MigrationResult Result,
    IReadOnlyList<RoundFigures> Rounds,
    double? StoresBefore,
    VcpuStalls Stalls,
    DirtyLogStatistics Cost,
    MemoryDifference Memory)
{
    /// <summary>Whether the guest was stopped because the rest fitted into the downtime limit, not because the rounds were used up.</summary>
    public required bool HasConverged { get; init; }

    /// <summary>Stores of all vCPUs a second after the first round, while the guest ran; null if there was no such round.</summary>
    public double? StoresAfterFirstRound { get; } = MeanOf(Rounds.Skip(1).Where(round => !round.Round.IsFinal));

    /// <summary>The part of its stores that the guest still managed after the first round; null where either was not measured.</summary>
    public double? StoresKept => StoresBefore > 0 ? StoresAfterFirstRound / StoresBefore : null;

    private static double? MeanOf(IEnumerable<RoundFigures> rounds)
    {
        (double stores, double seconds) = (0, 0);
        foreach (RoundFigures figures in rounds)
        {
            double duration = figures.Round.Duration.TotalSeconds;
            stores += figures.StoresPerSecond * duration;
            seconds += duration;
        }

        return seconds > 0 ? stores / seconds : null;
    }
}
