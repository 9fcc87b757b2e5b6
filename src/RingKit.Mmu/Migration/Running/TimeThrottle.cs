using RingKit.Mmu.Throttling;

namespace RingKit.Mmu.Migration.Running;

/// <summary>Holds the guest back by a share of its vCPUs' time: auto-converge.</summary>
/// <remarks>Whoever runs the vCPUs asks the same <see cref="AutoConvergeThrottle"/> after each exit.</remarks>
public sealed class TimeThrottle : IGuestThrottle
{
    private readonly AutoConvergeThrottle _throttle;

    /// <summary>Raises and releases a throttle.</summary>
    /// <param name="throttle">The throttle; the caller disposes it.</param>
    /// <exception cref="ArgumentNullException">There is none.</exception>
    public TimeThrottle(AutoConvergeThrottle throttle)
    {
        ArgumentNullException.ThrowIfNull(throttle);
        _throttle = throttle;
    }

    /// <inheritdoc/>
    public int Level => _throttle.Percentage;

    /// <inheritdoc/>
    public void Raise(in MigrationRound round) => _throttle.Increase();

    /// <inheritdoc/>
    public void Release() => _throttle.Percentage = 0;
}
