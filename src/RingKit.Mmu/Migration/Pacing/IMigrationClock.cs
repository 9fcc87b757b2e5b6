namespace RingKit.Mmu.Migration.Pacing;

/// <summary>A migration's clock: where time comes from, and who waits.</summary>
public interface IMigrationClock
{
    /// <summary>Time since any fixed moment; it never goes back. Any thread.</summary>
    TimeSpan Now { get; }

    /// <summary>Waits. Any thread.</summary>
    /// <param name="time">How long, above 0.</param>
    /// <param name="cancellation">Ends the wait early, without an exception.</param>
    void Wait(TimeSpan time, CancellationToken cancellation);
}
