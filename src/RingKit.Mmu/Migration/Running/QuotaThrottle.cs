using RingKit.Mmu.Guest;
using RingKit.Mmu.Throttling;

namespace RingKit.Mmu.Migration.Running;

/// <summary>
/// Holds the guest back by the pages that its vCPUs may dirty a second: a share of the bandwidth, halved each time that it is not enough. Readers run on.
/// </summary>
/// <remarks>
/// Whoever runs the vCPUs asks the same <see cref="DirtyQuotaThrottle"/> after each exit. Machines whose vCPUs have no <see cref="Vcpu.DirtyQuota"/> cannot
/// be held
/// back so: <see cref="Raise"/> throws a <see cref="NotSupportedException"/> over a hashed page table and over shadow mappings.
/// </remarks>
public sealed class QuotaThrottle : IGuestThrottle
{
    private const int MostPercent = 99;

    private readonly DirtyQuotaThrottle _throttle;
    private readonly int _vcpus;
    private double _share = 1;
    private int _level;

    /// <summary>Raises and releases a throttle.</summary>
    /// <param name="throttle">The throttle; the caller disposes it.</param>
    /// <param name="vcpus">How many vCPUs share the bandwidth, from 1.</param>
    /// <exception cref="ArgumentNullException">There is none.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are no vCPUs.</exception>
    public QuotaThrottle(DirtyQuotaThrottle throttle, int vcpus)
    {
        ArgumentNullException.ThrowIfNull(throttle);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vcpus);
        _throttle = throttle;
        _vcpus = vcpus;
    }

    /// <summary>By how much the pages that the guest may dirty are fewer than those that it dirtied when the throttle was raised last, in percent.</summary>
    public int Level => _level;

    /// <inheritdoc/>
    public void Raise(in MigrationRound round)
    {
        _share /= 2;
        double pages = round.Bandwidth * _share / GuestPage.Size;
        _throttle.PagesPerSecond = (ulong)Math.Clamp(pages / _vcpus, 1, long.MaxValue);
        double dirtied = Math.Max(round.DirtyRate / GuestPage.Size, 1);
        _level = (int)Math.Clamp(100 - (100 * pages / dirtied), 0, MostPercent);
    }

    /// <inheritdoc/>
    public void Release()
    {
        _share = 1;
        _level = 0;
        if (_throttle.PagesPerSecond != ulong.MaxValue)
            _throttle.PagesPerSecond = ulong.MaxValue;
    }
}
