using System.Diagnostics;
using RingKit.Cli.Commands;
using RingKit.Cli.Commands.Values;
using RingKit.Cli.Machines;
using RingKit.Cli.Migrate.Links;
using RingKit.Cli.Migrate.Running;
using RingKit.Cli.Migrate.Workloads;
using RingKit.Cli.RealGuests;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;

namespace RingKit.Cli.Migrate;

/// <summary>Migrates one guest with one dirty log, and compares the destination's memory with the source's.</summary>
internal sealed class GuestMigration
{
    // Beside the two memories: page tables, logs, what is on its way.
    private const int MemoryToOverhead = 16;

    private const ulong RehearsalMemory = 8 << 20;

    private readonly GuestMemories _memories;
    private readonly LogChoice _log;
    private readonly MigrateSettings _settings;

    /// <param name="memories">From where to where; they have the settings' size.</param>
    /// <param name="log">The dirty log.</param>
    /// <param name="settings">What the guest does, and how it is migrated.</param>
    public GuestMigration(GuestMemories memories, LogChoice log, MigrateSettings settings)
    {
        _memories = memories;
        _log = log;
        _settings = settings;
    }

    /// <summary>Opens what lies between source and destination; by default what the settings name.</summary>
    public Func<Via, GuestMemory, Link> OpenLink { get; init; } = Link.Open;

    /// <summary>Called when the migration has come to its end, before the memories are compared.</summary>
    public Action<GuestMemories>? Migrated { get; init; }

    /// <summary>Refuses a guest for which this machine has not enough memory.</summary>
    /// <exception cref="CommandException">It has not.</exception>
    public static void CheckMemory(ulong memory, ulong available)
    {
        ulong most = available / (2 * MemoryToOverhead + 1) * MemoryToOverhead & ~GuestPage.OffsetMask;
        if (memory <= most)
            return;
        throw new CommandException(
            $"--memory {MemorySize.Format(memory)}: source and destination need twice that, and this machine has {MemorySize.Format(available >> 20 << 20)} free: "
            + $"ask for at most {MemorySize.Format(most >> 20 << 20)}");
    }

    /// <summary>Once through the whole path, with a small guest: so that the first round's figures are not those of the JIT compiler.</summary>
    public static void Rehearse(LogChoice log, MigrateSettings settings, CancellationToken cancellation)
    {
        MigrateSettings small = settings with
        {
            Memory = Math.Min(settings.Memory, RehearsalMemory),
            WriteRate = MigrateSettings.Unlimited,
            Pattern = StorePattern.Random,
            Trace = null,
            WarmUp = TimeSpan.Zero,
            Bandwidth = MigrateSettings.Unlimited,
            Downtime = MigrateSettings.MinimumDowntime,
            Rounds = 3,
            Via = Via.Pipe,
            Throttle = ThrottleKind.None,
        };
        using var memories = new GuestMemories(small.MemoryPages);
        new GuestMigration(memories, log, small).Run(progress: null, cancellation);
    }

    /// <summary>Migrates.</summary>
    /// <param name="progress">Called now and then.</param>
    /// <param name="cancellation">Ends it: the guest goes on, and ends with this.</param>
    /// <exception cref="CommandException">The pages could not be sent, or did not arrive.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="GuestFailedException">A real guest did what it should not, or the kernel refused something.</exception>
    public LogMigration Run(Action<MigrationProgress>? progress, CancellationToken cancellation)
    {
        _memories.Fill();
        try
        {
            return Migrate(progress, cancellation);
        }
        catch (Exception e) when (GuestFailedException.Explains(e))
        {
            throw GuestFailedException.Of(e);
        }
    }

    private LogMigration Migrate(Action<MigrationProgress>? progress, CancellationToken cancellation)
    {
        using ISourceGuest source = _log.IsReal
            ? new RealSourceGuest(_memories.Source, _log, _settings)
            : new SourceGuest(_memories.Source, _log, _settings);
        using Link link = OpenLink(_settings.Via, _memories.Destination);
        using GuestThrottle? throttle = GuestThrottle.Of(_settings.Throttle, source.Machine);
        using IRunningGuest guest = source.Start(_settings, throttle);
        double? storesBefore = WarmUp(guest, cancellation);
        var recorder = new RoundRecorder(guest, progress);
        (VcpuStalls stallsBefore, DirtyLogStatistics costBefore) = (source.Stalls, source.Log.Statistics);
        var migration = new PreCopyMigration(source.Machine, source.Log, guest, _ => link.Source, OptionsOf(recorder)) { Throttle = throttle?.Migration };

        MigrationResult result = migration.Run(cancellation);
        (VcpuStalls stalls, DirtyLogStatistics cost) = (source.Stalls - stallsBefore, source.Log.Statistics - costBefore);
        if (result.Outcome == MigrationOutcome.Cancelled)
            throw new OperationCanceledException(cancellation);
        if (result.Outcome != MigrationOutcome.Completed)
        {
            link.Dispose();
            throw result.Failure is { } failure && GuestFailedException.Explains(failure) ? failure : Failed(link.Complaint ?? result.Failure);
        }

        Finish(link, cancellation);
        Migrated?.Invoke(_memories);

        // The guest is paused, and stays so.
        return new LogMigration(
            _log.Name, result, recorder.Rounds, storesBefore, stalls, cost, MemoryVerifier.Compare(_memories.Source, _memories.Destination))
        {
            HasConverged = recorder.Rounds.Any(round => !round.Round.IsFinal && round.Round.EstimatedDowntime <= _settings.Downtime),
        };
    }

    private double? WarmUp(IRunningGuest guest, CancellationToken cancellation)
    {
        if (_settings.WarmUp == TimeSpan.Zero)
            return null;
        (long start, ulong stores) = (Stopwatch.GetTimestamp(), guest.Stores);
        cancellation.WaitHandle.WaitOne(_settings.WarmUp);
        cancellation.ThrowIfCancellationRequested();
        return (guest.Stores - stores) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private MigrationOptions OptionsOf(RoundRecorder recorder) => new()
    {
        BandwidthLimit = _settings.Bandwidth == MigrateSettings.Unlimited ? null : (long)_settings.Bandwidth,
        DowntimeLimit = _settings.Downtime,
        MaximumRounds = _settings.Rounds,
        Progress = recorder.Enter,
    };

    private void Finish(Link link, CancellationToken cancellation)
    {
        try
        {
            link.Finish(cancellation);
        }
        catch (IOException e)
        {
            throw Failed(e);
        }
    }

    private CommandException Failed(Exception? failure) =>
        new($"--via {_settings.Via.Name}: the migration with the {_log.Name} log failed: {failure?.Message ?? "for no reason given"}", failure);
}
