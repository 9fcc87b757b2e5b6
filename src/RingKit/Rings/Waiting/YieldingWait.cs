namespace RingKit.Rings.Waiting;

/// <summary>
/// Spins for about a microsecond, then gives the core away in each round. The default: quick, and sound with more threads than cores.
/// </summary>
public readonly struct YieldingWait : IWaitStrategy
{
    // A hand-over between two cores takes a few hundred nanoseconds; whoever waits longer is waiting for a thread that does not run.
    internal const int Spins = 32;

    // A thread of lower priority never gets the core from a yield.
    private const int YieldsBetweenSleeps = 1024;

    /// <inheritdoc/>
    public static bool SleepsIn(int round) => false;

    /// <inheritdoc/>
    public static void Pass(int round)
    {
        if (round < Spins)
            Thread.SpinWait(1);
        else if (round % YieldsBetweenSleeps != YieldsBetweenSleeps - 1)
            Thread.Yield();
        else
            Thread.Sleep(1);
    }
}
