using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Tdp;
using Xunit;

namespace RingKit.Properties.Tdp;

/// <summary>What machines over x86's second level refuse, with nothing changed.</summary>
public sealed class TdpArgumentTests
{
    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Refused<ArgumentOutOfRangeException>(new TdpOptions { LogMethod = (TdpLogMethod)2 });
        Refused<ArgumentOutOfRangeException>(new TdpOptions { LogMethod = TdpLogMethod.ModificationLog, HasAccessDirty = false });
        Refused<ArgumentOutOfRangeException>(new TdpOptions { Recovery = (TdpRecovery)3 });
        Refused<ArgumentOutOfRangeException>(new TdpOptions { Form = (MappingForm)3 });
        Refused<ArgumentOutOfRangeException>(new TdpOptions { HostLevel = MappingLevel.None });
        Refused<ArgumentOutOfRangeException>(new TdpOptions { PrivateAddressBit = 11 });
        Refused<ArgumentOutOfRangeException>(new TdpOptions { PrivateAddressBit = 48 });
        Refused<ArgumentOutOfRangeException>(new TdpOptions { MaximumTables = -1 });
        Refused<ArgumentOutOfRangeException>(new TdpOptions { Slots = [new TdpSlotOptions { SlotId = 0, GmemOrder = 31 }] });
        Refused<ArgumentOutOfRangeException>(new TdpOptions { Slots = [new TdpSlotOptions { SlotId = 0, HostLevel = (MappingLevel)4 }] });
    }

    [Fact]
    public void Slots_that_KVM_would_refuse_are_refused()
    {
        Refused<ArgumentException>(new TdpOptions { Slots = [new TdpSlotOptions { SlotId = 1 }] });
        Refused<ArgumentException>(new TdpOptions { Slots = [new TdpSlotOptions { SlotId = 0 }, new TdpSlotOptions { SlotId = 0 }] });
        Refused<ArgumentException>(new TdpOptions { Slots = [new TdpSlotOptions { SlotId = 0, UserspaceAddress = 1 }] });
        Refused<ArgumentException>(new TdpOptions { Slots = [new TdpSlotOptions { SlotId = 0, Gmem = GuestMemfdTraits.Mmap, IsReadOnly = true }] });
        Refused<ArgumentException>(new TdpOptions { Slots = [new TdpSlotOptions { SlotId = 0, Gmem = (GuestMemfdTraits)8 }] });
        Refused<ArgumentException>(new TdpOptions(), baseGfn: (1ul << 36) - 63);
        Refused<ArgumentException>(new TdpOptions { PrivateAddressBit = 30 }, baseGfn: (1ul << 18) - 63);
    }

    [Fact]
    public void Ranges_slots_levels_and_orders_that_are_none_are_refused()
    {
        using var memory = new GuestMemory();
        MemorySlot plain = memory.AddSlot(0, 0, 64), file = memory.AddSlot(1, 512, 1024);
        using var elsewhere = new GuestMemory();
        MemorySlot foreign = elsewhere.AddSlot(0, 0, 64);
        using var machine = new VirtualMachine(memory, 1, new TdpOptions { Slots = [new TdpSlotOptions { SlotId = 1, Gmem = GuestMemfdTraits.Mmap }] });
        TwoDimensionalPaging tdp = machine.Tdp!;
        Assert.Throws<ArgumentException>(() => tdp.SetHostLevel(foreign, 0, 1, MappingLevel.Size4K));
        Assert.Throws<ArgumentOutOfRangeException>(() => tdp.SetHostLevel(plain, 64, 1, MappingLevel.Size4K));
        Assert.Throws<ArgumentOutOfRangeException>(() => tdp.SetHostLevel(plain, 1, 64, MappingLevel.Size4K));
        Assert.Throws<ArgumentOutOfRangeException>(() => tdp.SetHostLevel(plain, 0, 0, MappingLevel.Size4K));
        Assert.Throws<ArgumentOutOfRangeException>(() => tdp.SetHostLevel(plain, 0, 1, MappingLevel.None));
        Assert.Throws<ArgumentException>(() => tdp.SetOrder(plain, 0, 64, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => tdp.SetOrder(file, 0, 512, 31));
        Assert.Throws<ArgumentException>(() => tdp.SetOrder(file, 1, 512, 9));
        Assert.Throws<ArgumentException>(() => tdp.SetOrder(file, 0, 511, 9));
        Assert.Equal(0ul, tdp.Space.FindById(1)!.Gmem!.OrderAt(0) == 0 ? tdp.Statistics.Zapped : 1);
        Assert.Throws<ArgumentNullException>(() => tdp.CanLog(null!));
    }

    private static void Refused<TException>(TdpOptions options, ulong baseGfn = 0)
        where TException : ArgumentException
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, baseGfn, 64);
        Assert.Throws<TException>(() => new VirtualMachine(memory, 1, options));
    }
}
