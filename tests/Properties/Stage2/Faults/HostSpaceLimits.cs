using RingKit.Mmu.Stage2.Host;
using RingKit.Ordering;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;

namespace RingKit.Properties.Stage2.Faults;

/// <summary>The end of the physical addresses.</summary>
public sealed class HostSpaceLimits
{
    [Theory]
    [InlineData(0x1000ul)]
    [InlineData(0x4000_1000ul)]
    public void A_region_for_which_no_physical_addresses_are_left_is_refused(ulong address)
    {
        using var host = new HostSpace<HardwareOrdering>();
        host.Add(new HostRegionSettings(Userspace, Gigabyte) { Kind = HostRegionKind.HugeTlb1G, PhysicalAddress = (1UL << 48) - (4 * Gigabyte) });
        Assert.Throws<ArgumentOutOfRangeException>("settings", () => host.Add(new HostRegionSettings(address, Page)));
        Assert.Single(host.Regions);
    }
}
