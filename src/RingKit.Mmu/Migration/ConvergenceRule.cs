using RingKit.Mmu.Guest;

namespace RingKit.Mmu.Migration;

/// <summary>When a pre-copy migration stops the guest: QEMU's rule, as functions of a round's figures.</summary>
/// <remarks>Source: QEMU's migration threshold and auto-converge trigger; docs/migration.md.</remarks>
public static class ConvergenceRule
{
    /// <summary>A round that dirties more than the trigger's share has to be followed by another before the guest is throttled.</summary>
    public const int RoundsBeforeThrottle = 2;

    /// <summary>The time that dirty pages take to be sent.</summary>
    /// <param name="dirtyPages">How many, from 0.</param>
    /// <param name="bandwidth">Bytes a second; 0 or less if nothing was ever sent.</param>
    /// <returns>0 without dirty pages; <see cref="TimeSpan.MaxValue"/> where the bandwidth is not known, or for more time than there is.</returns>
    public static TimeSpan EstimateDowntime(long dirtyPages, double bandwidth)
    {
        if (dirtyPages <= 0)
            return TimeSpan.Zero;
        double seconds = bandwidth > 0 ? dirtyPages * (double)GuestPage.Size / bandwidth : double.PositiveInfinity;
        return seconds < TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(seconds) : TimeSpan.MaxValue;
    }

    /// <summary>Whether a round dirtied so much that the guest should be held back if it goes on like that.</summary>
    /// <param name="round">The round.</param>
    /// <param name="trigger">The share of what was sent, from 0.</param>
    public static bool IsTooDirty(in MigrationRound round, double trigger) => round.DirtyPages > trigger * round.PagesSent;

    /// <summary>What comes after a round.</summary>
    /// <param name="round">The round.</param>
    /// <param name="dirtyRounds">How many rounds in a row <see cref="IsTooDirty"/>, this one included, since the guest was last held back more.</param>
    /// <param name="options">The limits.</param>
    /// <exception cref="ArgumentNullException">There are no options.</exception>
    public static ConvergenceStep Decide(in MigrationRound round, int dirtyRounds, MigrationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (round.EstimatedDowntime <= options.DowntimeLimit)
            return ConvergenceStep.Stop;
        if (round.Number >= options.MaximumRounds)
            return options.AtMaximumRounds == RoundLimitPolicy.StopGuest ? ConvergenceStep.StopAtAnyRate : ConvergenceStep.GiveUp;
        return dirtyRounds >= RoundsBeforeThrottle ? ConvergenceStep.Throttle : ConvergenceStep.Continue;
    }
}
