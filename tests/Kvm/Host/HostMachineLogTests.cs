using RingKit.Kvm.Host;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Properties.DirtyLogging;
using Xunit;

namespace RingKit.Kvm.Tests.Host;

/// <summary>The contract of all dirty logs, kept by the host's kernel: the guest's stores are real ones, to memory that it tracks.</summary>
public sealed class HostMachineLogTests() : DirtyLogContract(Make, memory => new VirtualMachine(memory, vcpus: 2))
{
    [Fact]
    public void Slots_whose_pages_have_no_bytes_of_their_own_are_refused()
    {
        HostMemory.SkipWhereMissing();
        using var memory = new GuestMemory();
        memory.AddFoldedSlot(id: 0, baseGfn: 0, pageCount: 1000, frameCount: 256);
        using var machine = new VirtualMachine(memory);
        Assert.Equal("machine", Assert.Throws<ArgumentException>(() => new HostMachineLog(machine)).ParamName);
        Assert.Null(machine.DirtyLog);
    }

    [Fact]
    public void What_devices_and_the_host_write_past_every_interface_is_found()
    {
        HostMemory.SkipWhereMissing();
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(id: 0, baseGfn: 0, pageCount: 1000);
        using var machine = new VirtualMachine(memory);
        using var log = new HostMachineLog(machine);
        log.Start();
        machine.WriteAsDevice(7ul << 12, new byte[8]);
        slot.Memory[(nuint)(9 * GuestPage.Size)] = 1;
        Assert.Equal([(0u, 7ul), (0u, 9ul)], DirtySet.Harvest(log));
        Assert.Empty(DirtySet.Harvest(log));
    }

    internal static IDirtyLog Make(VirtualMachine machine)
    {
        HostMemory.SkipWhereMissing();
        return new HostMachineLog(machine);
    }
}
