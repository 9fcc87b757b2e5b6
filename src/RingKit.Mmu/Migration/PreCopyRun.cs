using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Pacing;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Migration.Streams;
using RingKit.Mmu.Migration.Transfers;

namespace RingKit.Mmu.Migration;

/// <summary>One run of a pre-copy migration.</summary>
internal sealed class PreCopyRun : IDisposable
{
    private readonly VirtualMachine _machine;
    private readonly IDirtyLog _log;
    private readonly IGuestRunner _runner;
    private readonly IGuestThrottle? _throttle;
    private readonly MigrationOptions _options;
    private readonly IMigrationClock _clock;
    private readonly CancellationToken _cancellation;
    private readonly Transfer _transfer;
    private readonly RoundBook _book;
    private readonly LogHarvester _harvester;
    private RoundPages? _pages;
    private TimeSpan _downtime;
    private int _abandonedStops;
    private int _dirtyRounds;
    private bool _isPaused;

    // The destination has said that it has everything: the guest is its own from then on, whatever happens here.
    private bool _hasArrived;

    public PreCopyRun(
        VirtualMachine machine,
        IDirtyLog log,
        IGuestRunner runner,
        IGuestThrottle? throttle,
        Func<int, MigrationConnection> connect,
        MigrationOptions options,
        CancellationToken cancellation)
    {
        (_machine, _log, _runner, _throttle, _options, _clock, _cancellation) = (machine, log, runner, throttle, options, options.Clock, cancellation);
        _harvester = new LogHarvester(log);
        _transfer = new Transfer(machine.Memory, connect, options, cancellation) { BatchSent = ReportBatch };
        _book = new RoundBook(_transfer, runner, throttle, options);
    }

    public MigrationResult Run()
    {
        MigrationOutcome outcome = MigrationOutcome.Failed;
        _runner.FullRings = _harvester;
        try
        {
            _log.Start();
            outcome = Migrate();
        }
        catch (Exception failure)
            when (!_hasArrived && _cancellation.IsCancellationRequested && (failure is OperationCanceledException || Transfer.IsTransport(failure)))
        {
            outcome = MigrationOutcome.Cancelled;
        }
        finally
        {
            // The guest comes last, and goes on whatever becomes of the others.
            RunsEnd.TakeAll(
                () => Abandon(outcome),
                () => _pages?.Dispose(),
                _log.Stop,
                () => _runner.FullRings = null,
                () => _throttle?.Release(),
                LetGo);
        }

        TransferCounts sent = _transfer.Counts;
        return new MigrationResult
        {
            Outcome = outcome,
            Rounds = _book.Rounds,
            PagesSent = sent.Pages,
            ZeroPages = sent.ZeroPages,
            BytesSent = sent.Bytes,
            Duration = _book.Elapsed,
            Downtime = _downtime,
            AbandonedStops = _abandonedStops,
            Retries = _transfer.Retries,
            FullRings = _harvester.Served,
            Failure = _transfer.Failure,
        };
    }

    public void Dispose() => _transfer.Dispose();

    private MigrationOutcome Migrate()
    {
        if (!_transfer.Begin())
            return MigrationOutcome.Failed;

        _pages = new EveryPage(_machine.Memory);
        while (true)
        {
            _book.BeginRound();
            if (!_transfer.TrySend(_pages, _book.Number))
                return MigrationOutcome.Failed;
            Take();
            MigrationRound round = _book.EndRound(_pages.Left, isFinal: false);
            ConvergenceStep step = Decide(in round);
            if (step == ConvergenceStep.GiveUp)
                return MigrationOutcome.NotConverged;
            if (step == ConvergenceStep.Throttle)
                RaiseThrottle(in round);
            if (step is ConvergenceStep.Continue or ConvergenceStep.Throttle)
                continue;

            bool atAnyRate = round.Number >= _options.MaximumRounds && _options.AtMaximumRounds == RoundLimitPolicy.StopGuest;
            if (!StopGuest(round.Bandwidth, atAnyRate))
            {
                if (round.Number >= _options.MaximumRounds)
                    return MigrationOutcome.NotConverged;
                continue;
            }

            if (SendTheRest())
            {
                _book.EndRound(0, isFinal: true);
                return MigrationOutcome.Completed;
            }

            if (!_transfer.BeginAgain(_transfer.Failure!))
                return MigrationOutcome.Failed;
        }
    }

    private void RaiseThrottle(in MigrationRound round)
    {
        _dirtyRounds = 0;
        _throttle?.Raise(in round);
    }

    private ConvergenceStep Decide(in MigrationRound round)
    {
        _dirtyRounds = ConvergenceRule.IsTooDirty(in round, _options.ThrottleTrigger) ? _dirtyRounds + 1 : 0;
        return ConvergenceRule.Decide(in round, _dirtyRounds, _options);
    }

    // What the log has recorded so far, in place of the last round's pages, which have all arrived.
    private void Take()
    {
        _pages!.Dispose();
        _pages = new HarvestedPages(_harvester);
    }

    /// <summary>Pauses the guest and takes the exact last set.</summary>
    /// <returns>False if the guest has written so much since the last harvest that it was let go again: that is the next round's.</returns>
    private bool StopGuest(double bandwidth, bool atAnyRate)
    {
        _book.StopAt(_clock.Now);
        _isPaused = true;
        _runner.Pause();
        _pages!.Retake();
        if (atAnyRate || ConvergenceRule.EstimateDowntime(_pages.Left, bandwidth) <= _options.DowntimeLimit)
            return true;

        Resume();
        _abandonedStops++;
        return false;
    }

    /// <summary>Sends the last round. If that fails the guest goes on, and so does the migration.</summary>
    private bool SendTheRest()
    {
        try
        {
            _book.BeginRound();
            _transfer.Send(_pages!, RecordKind.End, _book.Number, isPaced: false);
            _hasArrived = true;
            _downtime = _clock.Now - _book.StoppedAt;
            return true;
        }
        catch (Exception failure) when (_transfer.IsFailure(failure))
        {
            _transfer.Failed(failure);
            Resume();
            _pages!.Retake();
            return false;
        }
    }

    private void Abandon(MigrationOutcome outcome)
    {
        if (outcome is MigrationOutcome.Cancelled or MigrationOutcome.NotConverged)
            _transfer.Abandon();
    }

    private void LetGo()
    {
        if (_isPaused && !_hasArrived)
            Resume();
    }

    private void Resume()
    {
        _isPaused = false;
        _runner.Resume();
    }

    private void ReportBatch(int notSent) => _book.ReportBatch(_pages!.Left + notSent);
}
