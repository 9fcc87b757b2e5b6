using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Host;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Ordering;
using Xunit;
using static RingKit.Properties.Stage2.Faults.FaultWorld;

namespace RingKit.Properties.Stage2.Faults;

/// <summary>In the steady state no fault allocates: not of pages, nor of blocks that are dissolved and come back.</summary>
public sealed class FaultAllocationTests
{
    private const int Rounds = 200;

    [Theory]
    [InlineData(Stage2Generation.Posted2014)]
    [InlineData(Stage2Generation.Current)]
    public void Faults_allocate_nothing(Stage2Generation generation)
    {
        using var memory = new GuestMemory();
        using var host = new HostSpace<HardwareOrdering>();
        host.Add(new HostRegionSettings(Userspace, Block));
        MemorySlot slot = memory.AddSlotWithoutBytes(0, Base / Page, Block / Page);
        using var hypervisor = new Stage2HvCore<HardwareOrdering>(
            new Stage2Options { Generation = generation }, [new Stage2Slot(slot, Userspace, isReadOnly: false)], host);
        using Stage2VcpuState<HardwareOrdering> vcpu = hypervisor.CreateVcpuState();
        Round(hypervisor, vcpu, slot);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Rounds; i++)
            Round(hypervisor, vcpu, slot);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal((Rounds + 1UL, Rounds + 1UL), (vcpu.Counts.Dissolved, vcpu.Counts.Collapsed));
    }

    private static void Round(Stage2HvCore<HardwareOrdering> hypervisor, Stage2VcpuState<HardwareOrdering> vcpu, MemorySlot slot)
    {
        var thread = default(QuietHostThread);
        slot.LogsDirtyPages = false;
        hypervisor.HandleFault(ref thread, vcpu, new Stage2Fault(Base, Stage2FaultClass.Translation, 2, Stage2Access.Load));
        slot.LogsDirtyPages = true;
        hypervisor.Table.WriteProtect(ref thread, Base, Block, out _);
        hypervisor.HandleFault(ref thread, vcpu, new Stage2Fault(Base, Stage2FaultClass.Permission, 2, Stage2Access.Store));
        hypervisor.HandleFault(ref thread, vcpu, new Stage2Fault(Base + Page, Stage2FaultClass.Translation, 3, Stage2Access.Load));
        hypervisor.HandleFault(ref thread, vcpu, new Stage2Fault(Base + Page, Stage2FaultClass.Permission, 3, Stage2Access.Store));
        slot.LogsDirtyPages = false;
        hypervisor.HandleFault(ref thread, vcpu, new Stage2Fault(Base + (2 * Page), Stage2FaultClass.Translation, 3, Stage2Access.Load));
        hypervisor.InvalidateRange(ref thread, Userspace, Page);
    }
}
