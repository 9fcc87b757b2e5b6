namespace RingKit.Mmu.Migration.Pacing;

/// <summary>Holds a sender to so many bytes a second: each byte costs a token, and tokens come at that rate; those of a tenth of a second are kept.</summary>
/// <remarks>Bytes are paid after they are sent, so that a batch of any size goes through: what the bucket owes is waited for. One thread at a time.</remarks>
internal sealed class TokenBucket
{
    private const double BurstSeconds = 0.1;

    private readonly double _bytesPerSecond;
    private double _tokens;
    private TimeSpan _filled;

    /// <summary>Makes an empty one.</summary>
    /// <param name="bytesPerSecond">Above 0; <see cref="double.PositiveInfinity"/> never waits.</param>
    /// <param name="now">The time.</param>
    public TokenBucket(double bytesPerSecond, TimeSpan now)
    {
        _bytesPerSecond = bytesPerSecond;
        _filled = now;
    }

    /// <summary>Pays for bytes that were sent.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="now">The time.</param>
    /// <returns>How long to wait before more are sent; 0 if not at all.</returns>
    public TimeSpan Pay(long bytes, TimeSpan now)
    {
        if (double.IsPositiveInfinity(_bytesPerSecond))
            return TimeSpan.Zero;
        double came = (now - _filled).TotalSeconds * _bytesPerSecond;
        _tokens = Math.Min(_tokens + came, _bytesPerSecond * BurstSeconds) - bytes;
        _filled = now;
        return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(-_tokens / _bytesPerSecond, TimeSpan.MaxValue.TotalSeconds / 2));
    }
}
