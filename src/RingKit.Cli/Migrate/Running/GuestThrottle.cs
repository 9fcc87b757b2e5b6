using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Throttling;

namespace RingKit.Cli.Migrate.Running;

/// <summary>Holds a guest back as a migration tells it to.</summary>
internal abstract class GuestThrottle : IGuestThrottle, IDisposable
{
    /// <inheritdoc/>
    public abstract int Level { get; }

    /// <summary>What makes the vCPUs sleep.</summary>
    public abstract VcpuThrottle Vcpus { get; }

    /// <summary>Makes one that holds nobody yet, or none.</summary>
    public static GuestThrottle? Of(ThrottleKind kind, VirtualMachine machine) => kind switch
    {
        ThrottleKind.AutoConverge => new TimeThrottle(machine),
        ThrottleKind.Quota => new QuotaThrottle(machine),
        _ => null,
    };

    /// <inheritdoc/>
    public abstract void Raise(in MigrationRound round);

    /// <inheritdoc/>
    public abstract void Release();

    public void Dispose() => Vcpus.Dispose();

    /// <summary>Takes a share of the vCPUs' time.</summary>
    private sealed class TimeThrottle(VirtualMachine machine) : GuestThrottle
    {
        private readonly AutoConvergeThrottle _throttle = new(machine);

        public override int Level => _throttle.Percentage;

        public override VcpuThrottle Vcpus => _throttle;

        public override void Raise(in MigrationRound round) => _throttle.Increase();

        public override void Release() => _throttle.Percentage = 0;
    }

    /// <summary>Bounds the pages that the vCPUs dirty.</summary>
    private sealed class QuotaThrottle(VirtualMachine machine) : GuestThrottle
    {
        private const int Most = 99;

        private readonly DirtyQuotaThrottle _throttle = new(machine);
        private double _freeRate;
        private double _quota;

        public override int Level => _quota == 0 || _freeRate == 0 ? 0 : (int)Math.Clamp(100 - 100 * _quota / _freeRate, 0, Most);

        public override VcpuThrottle Vcpus => _throttle;

        public override void Raise(in MigrationRound round)
        {
            if (_quota == 0)
                _freeRate = round.DirtyRate;
            _quota = (_quota == 0 ? Math.Min(round.Bandwidth, round.DirtyRate) : _quota) / 2;
            _throttle.PagesPerSecond = (ulong)Math.Max(1, _quota / GuestPage.Size / machine.Vcpus.Length);
        }

        public override void Release()
        {
            _quota = 0;
            _throttle.PagesPerSecond = ulong.MaxValue;
        }
    }
}
