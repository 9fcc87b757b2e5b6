namespace RingKit.Mmu.Throttling;

/// <summary>How a throttle makes a vCPU's thread sleep: a test puts its own here, which takes no time.</summary>
public interface IThrottleSleeper
{
    /// <summary>Sleeps, on the calling thread.</summary>
    /// <param name="duration">How long, at least 0.</param>
    /// <param name="wake">Ends the sleep early.</param>
    void Sleep(TimeSpan duration, CancellationToken wake);
}
