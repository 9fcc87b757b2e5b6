using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;
using RingKit.Mmu.Throttling;

namespace RingKit.Cli.Migrate.Running;

/// <summary>Holds a guest back as a migration tells it to.</summary>
/// <param name="Migration">What the migration raises.</param>
/// <param name="Vcpus">What makes the vCPUs sleep.</param>
internal sealed record GuestThrottle(IGuestThrottle Migration, VcpuThrottle Vcpus) : IDisposable
{
    /// <summary>Makes one that holds nobody yet, or none.</summary>
    public static GuestThrottle? Of(ThrottleKind kind, VirtualMachine machine)
    {
        switch (kind)
        {
            case ThrottleKind.AutoConverge:
                var time = new AutoConvergeThrottle(machine);
                return new GuestThrottle(new TimeThrottle(time), time);
            case ThrottleKind.Quota:
                var quota = new DirtyQuotaThrottle(machine);
                return new GuestThrottle(new QuotaThrottle(quota, machine.Vcpus.Length), quota);
            default:
                return null;
        }
    }

    public void Dispose() => Vcpus.Dispose();
}
