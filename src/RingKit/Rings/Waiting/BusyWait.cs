namespace RingKit.Rings.Waiting;

/// <summary>
/// Spins. The quickest answer, for threads that have a core each; with fewer cores the waiting thread burns the time of the other one.
/// </summary>
public readonly struct BusyWait : IWaitStrategy
{
    /// <inheritdoc/>
    public static bool SleepsIn(int round) => false;

    /// <inheritdoc/>
    public static void Pass(int round) => Spinning.Pass(round);
}
