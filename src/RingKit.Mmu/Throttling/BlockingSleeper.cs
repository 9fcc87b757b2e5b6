namespace RingKit.Mmu.Throttling;

/// <summary>Blocks the thread.</summary>
internal sealed class BlockingSleeper : IThrottleSleeper
{
    /// <inheritdoc/>
    public void Sleep(TimeSpan duration, CancellationToken wake) => wake.WaitHandle.WaitOne(duration);
}
