using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Pacing;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Migration.Streams;
using RingKit.Mmu.Migration.Transfers;

namespace RingKit.Mmu.Migration.Checkpoints;

/// <summary>One run of checkpoints.</summary>
internal sealed class CheckpointRun : IDisposable
{
    private readonly VirtualMachine _machine;
    private readonly IDirtyLog _log;
    private readonly IGuestRunner _runner;
    private readonly CheckpointOptions _options;
    private readonly IMigrationClock _clock;
    private readonly CancellationToken _cancellation;
    private readonly Transfer _transfer;
    private readonly LogHarvester _harvester;
    private readonly EpochTimer _timer;
    private readonly EpochBuffer _buffer;
    private RoundPages? _pages;
    private uint _next;
    private long _epochs;
    private long _endedByFullRing;
    private TimeSpan _totalPause;
    private TimeSpan _longestPause;
    private bool _isPaused;

    public CheckpointRun(
        VirtualMachine machine,
        IDirtyLog log,
        IGuestRunner runner,
        Func<int, MigrationConnection> connect,
        CheckpointOptions options,
        CancellationToken cancellation)
    {
        (_machine, _log, _runner, _options, _clock, _cancellation) = (machine, log, runner, options, options.Transfer.Clock, cancellation);
        _harvester = new LogHarvester(log);
        _timer = new EpochTimer(log, _clock, options.EpochLength);
        _buffer = new EpochBuffer(options.Transfer.BatchPages, options.BufferPages);
        _transfer = new Transfer(machine.Memory, connect, options.Transfer, cancellation) { BatchSent = ReportBatch };
    }

    public CheckpointResult Run()
    {
        MigrationOutcome outcome = MigrationOutcome.Failed;
        _runner.FullRings = _harvester;
        try
        {
            _log.Start();
            if (_transfer.Begin() && CopyLive() && TakeEpochs())
                outcome = MigrationOutcome.Completed;
        }
        catch (Exception failure) when (_cancellation.IsCancellationRequested && (failure is OperationCanceledException || Transfer.IsTransport(failure)))
        {
            outcome = MigrationOutcome.Cancelled;
        }
        finally
        {
            // The guest comes last, and goes on whatever becomes of the others.
            RunsEnd.TakeAll(_transfer.Abandon, () => _pages?.Dispose(), _log.Stop, () => _runner.FullRings = null, LetGo);
        }

        TransferCounts sent = _transfer.Counts;
        return new CheckpointResult
        {
            Outcome = outcome,
            Epochs = _epochs,
            EndedByFullRing = _endedByFullRing,
            PagesSent = sent.Pages,
            BytesSent = sent.Bytes,
            TotalPause = _totalPause,
            LongestPause = _longestPause,
            Retries = _transfer.Retries,
            Failure = _transfer.Failure,
        };
    }

    public void Dispose()
    {
        _transfer.Dispose();
        _timer.Dispose();
    }

    // All pages, and what was written meanwhile, so that the first epoch is not the whole memory. What is written in the last of these rounds is
    // the first epoch's.
    private bool CopyLive()
    {
        _pages = new EveryPage(_machine.Memory);
        for (int round = 1; ; round++)
        {
            if (!_transfer.TrySend(_pages, round))
                return false;
            _pages.Dispose();
            _pages = null;
            if (round == _options.LiveRounds)
                return true;
            _pages = new HarvestedPages(_harvester);
        }
    }

    private bool TakeEpochs()
    {
        // A ring that is full from now on ends an epoch.
        _runner.FullRings = _timer;
        while (_epochs != _options.MaximumEpochs)
        {
            bool isFull = _timer.Await(_cancellation);
            _cancellation.ThrowIfCancellationRequested();
            CheckpointEpoch epoch;
            try
            {
                epoch = TakeEpoch(isFull);
            }
            catch (Exception failure) when (_transfer.IsFailure(failure))
            {
                LetGo();
                if (!_transfer.BeginAgain(failure))
                    return false;
                continue;
            }

            _options.Progress?.Invoke(epoch);
        }

        return true;
    }

    private CheckpointEpoch TakeEpoch(bool isFull)
    {
        uint number = _next++;
        long bytes = _transfer.Counts.Bytes;
        TimeSpan start = _clock.Now;
        _isPaused = true;
        _runner.Pause();

        // What is not confirmed goes back into the log, and so into the next epoch.
        using DirtyHarvest harvest = _harvester.Take();
        _timer.BeginNext();
        long pages = (long)harvest.PageCount;
        Copy(harvest);
        Resume();
        TimeSpan pause = _clock.Now - start;
        _totalPause += pause;
        _longestPause = pause > _longestPause ? pause : _longestPause;

        start = _clock.Now;
        Send(isPaced: true);
        _transfer.EndEpoch(number);
        harvest.Confirm();
        _epochs++;
        _endedByFullRing += isFull ? 1 : 0;
        return new CheckpointEpoch(number, isFull, pages, _transfer.Counts.Bytes - bytes, pause, _clock.Now - start);
    }

    private void Copy(DirtyHarvest harvest)
    {
        _buffer.Clear();
        foreach (DirtyPages pages in harvest)
        {
            for (ulong mask = pages.Mask; !_buffer.TryAdd(in pages, ref mask);)
                Send(isPaced: false);
        }
    }

    private void Send(bool isPaced)
    {
        _transfer.Send(_buffer.Batches, isPaced);
        _buffer.Clear();
    }

    private void LetGo()
    {
        if (_isPaused)
            Resume();
    }

    private void Resume()
    {
        _isPaused = false;
        _runner.Resume();
    }

    private void ReportBatch(int notSent) => _options.Transfer.Progress?.Invoke(
        new MigrationProgress((int)_next, PagesSent: 0, (_pages?.Left ?? 0) + notSent, _transfer.Counts.Bytes, Elapsed: TimeSpan.Zero, Completed: null));
}
