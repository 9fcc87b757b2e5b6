using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Clients;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Migration.Streams;

namespace RingKit.Mmu.Migration;

/// <summary>Moves a guest's memory to a destination while its vCPUs run, by any dirty log: pre-copy live migration.</summary>
/// <remarks>
/// The first round sends all pages, each later one those that were written since. When the rest is small enough to be sent within the downtime limit, the
/// guest is
/// paused, the last dirty pages are sent, and the destination has its memory byte for byte. Pages leave the log in two phases: those of a failed transfer
/// come again.
/// <para>
/// Thread role: <see cref="Run"/> by one thread at a time, which runs no vCPU; the vCPUs on threads of the runner's. Nobody else starts, stops or harvests
/// the log
/// meanwhile. Source of the behaviour: QEMU's pre-copy; docs/migration.md.
/// </para>
/// </remarks>
public sealed class PreCopyMigration
{
    private readonly VirtualMachine _machine;
    private readonly IDirtyLog _log;
    private readonly IGuestRunner _runner;
    private readonly Func<int, MigrationConnection> _connect;
    private readonly MigrationOptions _options;

    /// <summary>Prepares a migration; nothing happens before <see cref="Run"/>.</summary>
    /// <param name="machine">The machine, whose slots all have bytes.</param>
    /// <param name="log">Its dirty log, or a client of that (<see cref="DirtyLogClients"/>); it is stopped.</param>
    /// <param name="runner">Runs its vCPUs.</param>
    /// <param name="connect">
    /// Connects to the destination: the first time with 0, then with the number of the retry. The migration disposes what it gives. An
    /// <see cref="IOException"/> or a
    /// <see cref="System.Net.Sockets.SocketException"/> of it is a failed transfer.
    /// </param>
    /// <param name="options">How it is run, or null for the defaults.</param>
    /// <exception cref="ArgumentNullException">Something is missing.</exception>
    /// <exception cref="ArgumentException">The log is another machine's, or a slot has no bytes of its own.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public PreCopyMigration(
        VirtualMachine machine, IDirtyLog log, IGuestRunner runner, Func<int, MigrationConnection> connect, MigrationOptions? options = null)
    {
        CheckParts(machine, log, runner, connect);
        options ??= new MigrationOptions();
        options.Check();
        (_machine, _log, _runner, _connect, _options) = (machine, log, runner, connect, options);
    }

    /// <summary>Holds the guest back when it dirties pages faster than they are sent; null if nothing does.</summary>
    public IGuestThrottle? Throttle { get; init; }

    /// <summary>Migrates. The log is started now, and stopped at the end, whatever that is.</summary>
    /// <param name="cancellation">Ends the migration; the guest goes on where it is, as before.</param>
    /// <returns>How it ended: only <see cref="MigrationOutcome.Completed"/> leaves the guest paused, with its memory at the destination.</returns>
    /// <remarks>
    /// An exception of the connection's factory other than those named there, of the runner or of <see cref="MigrationOptions.Progress"/> ends the migration
    /// too; it
    /// comes out when the log is stopped and the guest goes on. Where the destination has everything by then, as when Progress throws after the last
    /// round, the guest stays paused: it is the destination's. A cancel comes too late once the end is being sent.
    /// </remarks>
    public MigrationResult Run(CancellationToken cancellation = default)
    {
        using var run = new PreCopyRun(_machine, _log, _runner, Throttle, _connect, _options, cancellation);
        return run.Run();
    }

    /// <summary>Refuses what cannot be migrated.</summary>
    internal static void CheckParts(VirtualMachine machine, IDirtyLog log, IGuestRunner runner, Func<int, MigrationConnection> connect)
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(connect);
        if (machine.DirtyLog != (log is DirtyLogClient client ? client.Log : log))
            throw new ArgumentException("The log is not the machine's.", nameof(log));
        CheckBytes(machine.Memory, nameof(machine));
    }

    /// <summary>Refuses a memory whose slots do not all have bytes of their own.</summary>
    internal static void CheckBytes(GuestMemory memory, string name)
    {
        foreach (MemorySlot slot in memory.Slots)
        {
            if ((ulong)slot.Memory.Length != slot.PageCount << GuestPage.Shift)
                throw new ArgumentException($"Slot {slot.Id} has no bytes of its own.", name);
        }
    }
}
