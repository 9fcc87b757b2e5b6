namespace RingKit.Rings.Waiting;

/// <summary>
/// Spins. The quickest answer, for threads that have a core each; with fewer cores the waiting thread burns the time of the other one.
/// </summary>
/// <remarks>
/// Where the other one has no core, a ring's worth of items takes a time slice: thousands of times slower than with <see cref="YieldingWait"/>.
/// </remarks>
public readonly struct BusyWait : IWaitStrategy
{
    /// <inheritdoc/>
    public static bool SleepsIn(int round) => false;

    /// <inheritdoc/>
    public static void Pass(int round) => Spinning.Pass(round);
}
