using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Migration.Transfers;

namespace RingKit.Mmu.Migration;

/// <summary>The figures of a migration's rounds, and those who want to see them.</summary>
internal sealed class RoundBook(Transfer transfer, IGuestRunner runner, IGuestThrottle? throttle, MigrationOptions options)
{
    private readonly List<MigrationRound> _rounds = [];
    private readonly TimeSpan _start = options.Clock.Now;
    private TransferCounts _sentBefore;
    private TimeSpan _roundStart;
    private TimeSpan _stallBefore;
    private double _bandwidth = options.BandwidthLimit ?? 0;

    /// <summary>The round that is on, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>The rounds that have ended.</summary>
    public IReadOnlyList<MigrationRound> Rounds => _rounds;

    /// <summary>Time since the start.</summary>
    public TimeSpan Elapsed => options.Clock.Now - _start;

    /// <summary>When the guest was paused last.</summary>
    public TimeSpan StoppedAt { get; private set; }

    public void StopAt(TimeSpan now) => StoppedAt = now;

    public void BeginRound()
    {
        Number++;
        _sentBefore = transfer.Counts;
        _roundStart = options.Clock.Now;
        _stallBefore = runner.StallTime;
    }

    /// <summary>Ends the round.</summary>
    /// <param name="dirtyPages">The pages that are left.</param>
    /// <param name="isFinal">Whether the guest is paused.</param>
    public MigrationRound EndRound(long dirtyPages, bool isFinal)
    {
        TransferCounts sent = transfer.Counts - _sentBefore;
        TimeSpan duration = options.Clock.Now - _roundStart;
        if (sent.ContentBytes != 0)
            _bandwidth = sent.ContentBytes / Seconds(sent.ContentTime);
        var round = new MigrationRound(
            Number,
            isFinal,
            sent.Pages,
            sent.ZeroPages,
            sent.Bytes,
            duration,
            dirtyPages,
            _bandwidth,
            dirtyPages * (double)GuestPage.Size / Seconds(duration),
            ConvergenceRule.EstimateDowntime(dirtyPages, _bandwidth),
            runner.StallTime - _stallBefore,
            throttle?.Level ?? 0);
        _rounds.Add(round);
        Report(dirtyPages, round);
        return round;
    }

    public void ReportBatch(long left) => Report(left, completed: null);

    private void Report(long left, MigrationRound? completed)
    {
        if (options.Progress is not { } progress)
            return;
        TransferCounts sent = transfer.Counts;
        progress(new MigrationProgress(Number, (sent - _sentBefore).Pages, left, sent.Bytes, Elapsed, completed));
    }

    // No time at all counts as the shortest that there is.
    private static double Seconds(TimeSpan time) => Math.Max(time.Ticks, 1) / (double)TimeSpan.TicksPerSecond;
}
