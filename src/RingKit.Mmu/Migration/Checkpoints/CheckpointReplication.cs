using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Mmu.Migration.Checkpoints;

/// <summary>Keeps a copy of a running guest's memory at a destination, which always stands at the end of an epoch.</summary>
/// <remarks>
/// An epoch ends after its time, or when a vCPU's dirty ring is full. The guest is paused, its dirty pages are taken and copied into a buffer, it is
/// resumed, and the
/// buffer is sent while it runs. The destination writes the pages of an epoch together, when all have arrived. Pages of an epoch whose transfer fails are in
/// the next one.
/// <para>
/// Thread role: <see cref="Run"/> by one thread at a time, which runs no vCPU; the vCPUs on threads of the runner's. Nobody else starts, stops or harvests
/// the log
/// meanwhile. Source of the behaviour: Remus, and COLO's checkpoints; docs/migration.md.
/// </para>
/// </remarks>
public sealed class CheckpointReplication
{
    private readonly VirtualMachine _machine;
    private readonly IDirtyLog _log;
    private readonly IGuestRunner _runner;
    private readonly Func<int, MigrationConnection> _connect;
    private readonly CheckpointOptions _options;

    /// <summary>Prepares checkpoints; nothing happens before <see cref="Run"/>.</summary>
    /// <param name="machine">The machine, whose slots all have bytes.</param>
    /// <param name="log">Its dirty log, or a client of that; it is stopped.</param>
    /// <param name="runner">Runs its vCPUs.</param>
    /// <param name="connect">Connects to the destination's <see cref="CheckpointReceiver"/>, as for a <see cref="PreCopyMigration"/>.</param>
    /// <param name="options">How they are taken, or null for the defaults.</param>
    /// <exception cref="ArgumentNullException">Something is missing.</exception>
    /// <exception cref="ArgumentException">The log is another machine's, or a slot has no bytes of its own.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public CheckpointReplication(
        VirtualMachine machine, IDirtyLog log, IGuestRunner runner, Func<int, MigrationConnection> connect, CheckpointOptions? options = null)
    {
        PreCopyMigration.CheckParts(machine, log, runner, connect);
        options ??= new CheckpointOptions();
        options.Check();
        (_machine, _log, _runner, _connect, _options) = (machine, log, runner, connect, options);
    }

    /// <summary>
    /// Takes checkpoints until there are enough, or it is cancelled, or the transfer fails for good. The log is started now, and stopped at the end.
    /// </summary>
    /// <param name="cancellation">Ends it; the destination stands at the last epoch.</param>
    /// <returns>How it ended. The guest goes on.</returns>
    public CheckpointResult Run(CancellationToken cancellation = default)
    {
        using var run = new CheckpointRun(_machine, _log, _runner, _connect, _options, cancellation);
        return run.Run();
    }
}
