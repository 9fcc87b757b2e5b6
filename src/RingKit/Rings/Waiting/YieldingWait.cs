namespace RingKit.Rings.Waiting;

/// <summary>
/// Spins for about two microseconds, then gives the core away in each round. The default: quick, and sound with more threads than cores.
/// </summary>
public readonly struct YieldingWait : IWaitStrategy
{
    // A thread of lower priority never gets the core from a yield. These take longer than the sleep: otherwise two threads that answer each
    // other could find each other asleep at every turn, and never get out of it.
    private const int YieldsBetweenSleeps = 8192;

    /// <inheritdoc/>
    public static bool SleepsIn(int round) => false;

    /// <inheritdoc/>
    public static void Pass(int round)
    {
        if (round < Spinning.Rounds)
            Spinning.Pass(round);
        else if (round % YieldsBetweenSleeps != YieldsBetweenSleeps - 1)
            Thread.Yield();
        else
            Thread.Sleep(1);
    }
}
