namespace RingKit.Rings.Waiting;

/// <summary>
/// Spins for about two microseconds, then sleeps until the other end wakes it. Needs a ring made with <see cref="RingOptions.CanSleep"/>.
/// </summary>
/// <remarks>Wake-ups stay inside one process: over memory that another process maps, a sleeper looks again every millisecond.</remarks>
public readonly struct BlockingWait : IWaitStrategy
{
    /// <inheritdoc/>
    public static bool SleepsIn(int round) => round >= Spinning.Rounds;

    /// <inheritdoc/>
    public static void Pass(int round) => Spinning.Pass(round);
}
