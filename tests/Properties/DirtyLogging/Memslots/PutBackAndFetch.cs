using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Memslots;

/// <summary>What was put back is in KVM's own calls too.</summary>
public sealed class PutBackAndFetch
{
    [Theory]
    [InlineData(ManualProtect.None)]
    [InlineData(ManualProtect.Enabled)]
    public void A_fetch_has_what_a_harvest_put_back(ManualProtect manual)
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, 0, 64);
        using var machine = new VirtualMachine(memory);
        using var log = new MemslotDirtyLog(machine, new MemslotLogOptions { ManualProtect = manual });
        log.Start();
        GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(5ul << 12, 1ul));
        log.Take().Dispose();
        log.PutBack(slot, 9, 1);
        GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(1ul << 12, 1ul));
        byte[] bitmap = new byte[8];
        Assert.Equal(Errno.None, log.GetDirtyLog(slot.Id, bitmap));
        Assert.Equal((1ul << 1) | (1ul << 5) | (1ul << 9), BitConverter.ToUInt64(bitmap));
        if (manual == ManualProtect.Enabled)
            Assert.Equal(Errno.None, log.ClearDirtyLog(slot.Id, 0, 64, bitmap));
        Assert.Equal(Errno.None, log.GetDirtyLog(slot.Id, bitmap));
        Assert.Equal(0ul, BitConverter.ToUInt64(bitmap));
        Assert.Empty(HeldPages.TakeFrom(log));
    }
}
