namespace RingKit.Rings.Waiting;

/// <summary>
/// What a thread does while it waits for the other end of a ring. Implemented by structs, which the JIT specialises away.
/// </summary>
public interface IWaitStrategy
{
    /// <summary>Whether the thread should be put to sleep until the other end wakes it, from this round on.</summary>
    /// <param name="round">How often in a row it has looked and found nothing, from 0 on.</param>
    static abstract bool SleepsIn(int round);

    /// <summary>Passes one round, where the thread does not sleep.</summary>
    /// <param name="round">How often in a row it has looked and found nothing, from 0 on.</param>
    static abstract void Pass(int round);
}
