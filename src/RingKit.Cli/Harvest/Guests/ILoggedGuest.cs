using RingKit.Cli.Replay;
using RingKit.Mmu.DirtyLogging.Adaptive;

namespace RingKit.Cli.Harvest.Guests;

/// <summary>A guest with a log that is on: it stores, round after round, and a harvest follows each time.</summary>
internal interface ILoggedGuest : IDisposable
{
    /// <summary>As the log says.</summary>
    ulong BookkeepingBytes { get; }

    /// <summary>Where a log that chooses records pages, or null.</summary>
    DirtyLogForm? Form { get; }

    /// <summary>A round that counts.</summary>
    /// <exception cref="LogsDisagreeException">The log reports other pages than the guest stored to; the message says which.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    CellCosts Round();

    /// <summary>A round that counts for nothing.</summary>
    /// <inheritdoc cref="Round"/>
    CellCosts RoundBefore();

    /// <summary>A last round, of which the pages are taken and not protected.</summary>
    /// <returns>The time of its harvests in microseconds, or null where a log does both at once.</returns>
    double? RoundWithoutProtection();

    /// <summary>Between rounds: gives way to guests whose logs are for the same machine, until <see cref="Resume"/>.</summary>
    void Suspend()
    {
        // One that has a machine for itself stands in nobody's way.
    }

    /// <summary>Goes on, while the others give way.</summary>
    void Resume()
    {
    }
}
