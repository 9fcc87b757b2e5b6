using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.Tdp.Machine;

/// <summary>A slot whose guest_memfd file is not where the slot's frames are within a large page: no large mapping may show another page's bytes.</summary>
public sealed class MisplacedFileTests
{
    [Theory]
    [InlineData(MappingForm.Posted)]
    [InlineData(MappingForm.Merged)]
    [InlineData(MappingForm.RingKit)]
    public void Recovery_joins_no_frames_that_are_not_one_large_page_of_the_host(MappingForm form)
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, 2048);
        using var machine = new VirtualMachine(memory, 1, new TdpOptions
        {
            Form = form,
            HostLevel = MappingLevel.Size4K,
            Mapping = new MappingOptions { LogsGuestMemfd = true },
            Slots = [new TdpSlotOptions { SlotId = 0, Gmem = GuestMemfdTraits.Mmap, GmemOrder = 9, GmemFirstPage = 5 }],
        });
        using var log = new BitmapDirtyLog(machine);
        log.Start();
        for (ulong page = 0; page < slot.PageCount; page++)
            Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(page << GuestPage.Shift, page)));
        log.Stop();
        Assert.Equal(new TdpMappings(slot.PageCount, 0, 0), machine.Tdp!.CountMappings());
        byte[] seen = new byte[8];
        for (ulong page = 0; page < slot.PageCount; page++)
        {
            Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Load(page << GuestPage.Shift, seen)));
            Assert.Equal(page, BitConverter.ToUInt64(seen));
        }
    }
}
