using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.Tdp.Machine;

/// <summary>RingKit's extension end to end: real stores to guest_memfd, logged, harvested and copied, and its large mappings back when logging stops.</summary>
public sealed class GuestMemfdLoggingTests
{
    private const ulong Gigabyte = 1ul << 18;

    [Theory]
    [InlineData(9, TdpLogMethod.WriteProtection)]
    [InlineData(9, TdpLogMethod.ModificationLog)]
    [InlineData(18, TdpLogMethod.WriteProtection)]
    [InlineData(18, TdpLogMethod.ModificationLog)]
    public void Stores_to_guest_memfd_are_logged_harvested_and_its_large_mappings_come_back(int order, TdpLogMethod method)
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, Gigabyte, order == 18 ? Gigabyte : 2048);
        using var machine = new VirtualMachine(memory, 2, new TdpOptions
        {
            LogMethod = method,
            HostLevel = MappingLevel.Size4K,
            Mapping = new MappingOptions { LogsGuestMemfd = true },
            Slots = [new TdpSlotOptions { SlotId = 0, Gmem = GuestMemfdTraits.Mmap, GmemOrder = order }],
        });
        TwoDimensionalPaging tdp = machine.Tdp!;
        ulong[] pages = [0, 1, 600, 1024, slot.PageCount - 1];
        foreach (ulong page in (ulong[])[0, 512, 1024, 1536])
            Store(machine, 0, page, 1);
        TdpMappings before = order == 18 ? new TdpMappings(0, 0, 1) : new TdpMappings(0, 4, 0);
        Assert.Equal(before, tdp.CountMappings());

        using var log = new BitmapDirtyLog(machine);
        log.Start();
        Assert.Equal(new TdpMappings(slot.PageCount, 0, 0), tdp.CountMappings());
        foreach (ulong page in pages)
            Store(machine, 1, page, 2);
        Assert.Equal(pages.Select(page => (0u, page)), DirtySet.Harvest(log));
        Store(machine, 0, 600, 3);
        Assert.Equal([(0u, 600ul)], DirtySet.Harvest(log));
        ulong faults = machine.Vcpus[0].Faults;
        log.Stop();
        Assert.Equal(before, tdp.CountMappings());
        Assert.Equal(order == 18 ? new TdpRecovered(0, 1) : new TdpRecovered(4, 0), tdp.Statistics.Recovered);

        // The first leaf of the range that was recovered is what the large one is now: page 0 was written and not fetched since; others may have to be fixed up.
        foreach (ulong page in pages)
            Assert.Equal(page == 600 ? 3ul : 2, Load(machine, page));
        Assert.Equal(faults, machine.Vcpus[0].Faults);
        Assert.Equal(2, slot.Memory.AsSpan()[0]);
    }

    [Fact]
    public void Private_and_shared_memory_of_a_frame_are_two_and_each_keeps_what_was_stored()
    {
        const ulong PrivateBit = 1ul << 40;
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, 2048);
        using var machine = new VirtualMachine(memory, 1, new TdpOptions
        {
            PrivateAddressBit = 40,
            Mapping = new MappingOptions { LogsGuestMemfd = true },
            Slots = [new TdpSlotOptions { SlotId = 0, Gmem = GuestMemfdTraits.None, GmemOrder = 9 }],
        });
        using var log = new BitmapDirtyLog(machine);
        log.Start();
        Assert.Equal(VcpuExit.None, Access(machine, 0x5000, 1));
        Assert.Equal(VcpuExit.MemoryFault, Access(machine, PrivateBit | 0x5000, 2));
        Assert.Equal(Errno.None, machine.Tdp!.SetMemoryAttributes(0x5000, 0x1000, MemoryAttributes.Private));
        Assert.Equal(VcpuExit.MemoryFault, Access(machine, 0x5000, 3));
        Assert.Equal(VcpuExit.None, Access(machine, PrivateBit | 0x5000, 4));
        Assert.Equal([(0u, 5ul)], DirtySet.Harvest(log));
        Assert.Equal(1, slot.Memory.AsSpan()[0x5000]);
        Assert.Equal(Errno.None, machine.Tdp.SetMemoryAttributes(0x5000, 0x1000, 0));
        Assert.Equal(1ul, Load(machine, 5));
        Assert.Equal(2ul, machine.Tdp.Statistics.MemoryFaults);
    }

    [Fact]
    public void KVM_refuses_to_log_guest_memfd_and_so_does_a_machine_without_the_extension()
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(7, 0, 512);
        using var machine = new VirtualMachine(memory, 1, new TdpOptions { Slots = [new TdpSlotOptions { SlotId = 7, Gmem = GuestMemfdTraits.Mmap }] });
        Assert.Equal(Errno.Invalid, machine.Tdp!.CanLog(slot));
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => new BitmapDirtyLog(machine));
        Assert.Contains("Slot 7", refusal.Message, StringComparison.Ordinal);
        Assert.Null(machine.DirtyLog);
    }

    private static void Store(VirtualMachine machine, int vcpu, ulong page, ulong value) =>
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[vcpu], one => one.Store((machine.Memory.Slots[0].BaseGfn + page) << 12, value)));

    private static VcpuExit Access(VirtualMachine machine, ulong address, ulong value) =>
        GuestAction.Run(machine.Vcpus[0], one => one.Store(address, value));

    private static ulong Load(VirtualMachine machine, ulong page)
    {
        byte[] bytes = new byte[8];
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], one => one.Load((machine.Memory.Slots[0].BaseGfn + page) << 12, bytes)));
        return BitConverter.ToUInt64(bytes);
    }
}
