using RingKit.Mmu.Guest;
using RingKit.Mmu.Mapping;
using RingKit.Mmu.Stage2;
using RingKit.Mmu.Stage2.Hypervisor;
using RingKit.Mmu.Tdp;
using RingKit.Properties.Guest;
using Xunit;

namespace RingKit.Properties.Stage2.Machine;

/// <summary>Values from outside that a machine over two levels must refuse, or pass over, without a change.</summary>
public sealed class Stage2BadInputTests
{
    private const ulong BaseGfn = 0x40000;

    private static readonly (ulong Gfn, ulong Count)[] Outside =
    [
        (0, 0), (BaseGfn, 0), (BaseGfn + 3, 0), (0, BaseGfn), (BaseGfn - 1, 1), (BaseGfn + 1024, 1), (BaseGfn + 1024, ulong.MaxValue),
        (ulong.MaxValue, 1), (ulong.MaxValue, ulong.MaxValue), (1ul << 52, 1ul << 52), (ulong.MaxValue - BaseGfn, 2 * BaseGfn),
    ];

    [Fact]
    public void What_the_host_does_outside_all_slots_changes_nothing()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, BaseGfn, 1024);
        using var machine = new VirtualMachine(memory, 1, new Stage2Options());
        Stage2Hv stage2 = machine.Stage2!;
        foreach (ulong page in (ulong[])[0, 512])
            Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store((BaseGfn + page) << 12, 1ul)));
        Stage2Statistics before = stage2.Statistics;
        ulong sequence = stage2.Core.Host.Invalidations.Snapshot;
        foreach ((ulong gfn, ulong count) in Outside)
        {
            stage2.Invalidate(gfn, count);
            stage2.SplitHugePages(gfn, count);
            stage2.CollapseHugePages(gfn, count);
            stage2.Migrate(gfn, count);
            stage2.Reclaim(gfn, count);
            stage2.Share(gfn, count);
            Assert.Equal(0ul, stage2.Age(gfn, count));
        }

        Assert.Equal(before, stage2.Statistics);
        Assert.Equal(sequence, stage2.Core.Host.Invalidations.Snapshot);
        Assert.Equal(new Stage2Mappings(0, 2, 0), stage2.CountMappings());
    }

    [Fact]
    public void A_range_over_the_end_of_the_numbers_reaches_all_of_a_slot_behind_its_start()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, BaseGfn, 1024);
        using var machine = new VirtualMachine(memory, 1, new Stage2Options());
        Stage2Hv stage2 = machine.Stage2!;
        foreach (ulong page in (ulong[])[0, 512])
            Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store((BaseGfn + page) << 12, 1ul)));
        Assert.Equal(1ul, stage2.Age(BaseGfn + 512, ulong.MaxValue));
        stage2.Invalidate(BaseGfn + 512, ulong.MaxValue);
        Assert.Equal(new Stage2Mappings(0, 1, 0), stage2.CountMappings());
        stage2.Invalidate(1, ulong.MaxValue);
        Assert.Equal(new Stage2Mappings(0, 0, 0), stage2.CountMappings());
    }

    [Fact]
    public void Options_of_stage_2_are_refused_by_name_and_the_memory_stays_free()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 16);
        foreach ((string name, Stage2Options options) in ((string, Stage2Options)[])
        [
            (nameof(Stage2Options.IpaBits), new() { IpaBits = 31 }), (nameof(Stage2Options.IpaBits), new() { IpaBits = 49 }),
            (nameof(Stage2Options.IpaBits), new() { IpaBits = int.MinValue }), (nameof(Stage2Options.Generation), new() { Generation = (Stage2Generation)2 }),
            (nameof(Stage2Options.EagerSplitChunk), new() { EagerSplitChunk = 12345 }), (nameof(Stage2Options.EagerSplitChunk), new() { EagerSplitChunk = 1ul << 39 }),
            (nameof(Stage2Options.EagerSplitChunk), new() { EagerSplitChunk = ulong.MaxValue }),
            (nameof(Stage2Options.MaskedProtection), new() { MaskedProtection = (Mmu.DirtyLogging.Memslots.MaskedProtection)7 }),
            (nameof(Stage2Options.MaximumTables), new() { MaximumTables = -1 }), (nameof(Stage2Options.MaximumTables), new() { MaximumTables = int.MaxValue }),
        ])
        {
            ArgumentOutOfRangeException refusal = Assert.Throws<ArgumentOutOfRangeException>("options", () => new VirtualMachine(memory, 1, options));
            Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
        }

        using var machine = new VirtualMachine(memory);
    }

    [Fact]
    public void Options_of_x86_are_refused_by_name_and_the_memory_stays_free()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 16);
        var slot = new TdpSlotOptions { SlotId = 0, Gmem = GuestMemfdTraits.None };
        foreach ((string name, TdpOptions options) in ((string, TdpOptions)[])
        [
            (nameof(TdpOptions.HostLevel), new() { HostLevel = MappingLevel.None }), (nameof(TdpOptions.HostLevel), new() { HostLevel = (MappingLevel)4 }),
            (nameof(TdpOptions.LogMethod), new() { LogMethod = (TdpLogMethod)(-1) }), (nameof(TdpOptions.LogMethod), new() { LogMethod = TdpLogMethod.ModificationLog, HasAccessDirty = false }),
            (nameof(TdpOptions.Recovery), new() { Recovery = (TdpRecovery)9 }), (nameof(TdpOptions.Form), new() { Form = (MappingForm)3 }),
            (nameof(TdpOptions.PrivateAddressBit), new() { PrivateAddressBit = 11 }), (nameof(TdpOptions.PrivateAddressBit), new() { PrivateAddressBit = 48 }),
            (nameof(TdpOptions.MaximumTables), new() { MaximumTables = -1 }), (nameof(TdpOptions.MaximumTables), new() { MaximumTables = int.MaxValue }),
            (nameof(TdpSlotOptions.GmemOrder), new() { Slots = [slot with { GmemOrder = -1 }] }), (nameof(TdpSlotOptions.GmemOrder), new() { Slots = [slot with { GmemOrder = 31 }] }),
            (nameof(TdpSlotOptions.HostLevel), new() { Slots = [slot with { HostLevel = (MappingLevel)4 }] }),
            (nameof(TdpSlotOptions.GmemFirstPage), new() { Slots = [slot with { GmemFirstPage = ulong.MaxValue }] }),
            (nameof(TdpSlotOptions.GmemFirstPage), new() { Slots = [slot with { GmemFirstPage = 1ul << 52 }] }),
            (nameof(TdpSlotOptions.GmemFirstPage), new() { Slots = [slot with { GmemFirstPage = 1ul << 51 }] }),
        ])
        {
            ArgumentOutOfRangeException refusal = Assert.Throws<ArgumentOutOfRangeException>("options", () => new VirtualMachine(memory, 1, options));
            Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
        }

        foreach (TdpSlotOptions bad in (TdpSlotOptions[])[slot with { SlotId = 1 }, slot with { UserspaceAddress = 1 }, slot with { UserspaceAddress = HostMapping.AddressEnd },
            slot with { UserspaceAddress = ulong.MaxValue - 4095 }, slot with { Gmem = (GuestMemfdTraits)8 }, slot with { IsReadOnly = true }])
        {
            Assert.Throws<ArgumentException>(() => new VirtualMachine(memory, 1, new TdpOptions { Slots = [bad] }));
        }

        Assert.Throws<ArgumentException>(() => new VirtualMachine(memory, 1, new TdpOptions { Slots = [slot, slot] }));
        Assert.Throws<ArgumentException>(() => new VirtualMachine(memory, 1, new TdpOptions { PrivateAddressBit = 12 }));
        using var machine = new VirtualMachine(memory);
    }

    [Fact]
    public void Ranges_orders_and_attributes_out_of_range_change_no_mapping()
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(0, BaseGfn, 1024);
        using var machine = new VirtualMachine(memory, 1, new TdpOptions
        {
            Mapping = new MappingOptions { LogsGuestMemfd = true },
            Slots = [new TdpSlotOptions { SlotId = 0, Gmem = GuestMemfdTraits.Mmap, GmemOrder = 9 }],
        });
        TwoDimensionalPaging tdp = machine.Tdp!;
        Assert.Equal(VcpuExit.None, GuestAction.Run(machine.Vcpus[0], vcpu => vcpu.Store(BaseGfn << 12, 1ul)));
        TdpStatistics before = tdp.Statistics;
        ulong sequence = tdp.Core.Invalidations.Snapshot;
        foreach ((ulong offset, ulong pages, int order, string name) in ((ulong, ulong, int, string)[])
        [
            (0, 0, 0, "pages"), (0, 1025, 0, "pages"), (1024, 1, 0, "offset"), (ulong.MaxValue, 2, 0, "offset"), (1, ulong.MaxValue, 0, "pages"),
            (0, 512, -1, "order"), (0, 512, 31, "order"), (0, 512, int.MaxValue, "order"), (1, 512, 9, "firstPage"), (0, 513, 9, "pageCount"),
        ])
        {
            Assert.ThrowsAny<ArgumentException>(() => tdp.SetOrder(slot, offset, pages, order));
            if (name is "pages" or "offset")
                Assert.Throws<ArgumentOutOfRangeException>(name, () => tdp.SetHostLevel(slot, offset, pages, MappingLevel.Size4K));
        }

        Assert.Throws<ArgumentOutOfRangeException>("level", () => tdp.SetHostLevel(slot, 0, 1, MappingLevel.None));
        Assert.Throws<ArgumentNullException>("slot", () => tdp.SetHostLevel(null!, 0, 1, MappingLevel.Size4K));
        foreach ((ulong address, ulong size, ulong attributes, ulong flags) in ((ulong, ulong, ulong, ulong)[])
        [
            (0, 0, 8, 0), (1, 4096, 8, 0), (0, 4095, 8, 0), (ulong.MaxValue - 4095, 8192, 8, 0), (ulong.MaxValue - 4095, 4096, 8, 0), (4096, ulong.MaxValue - 4095, 8, 0),
            (0, 4096, 1, 0), (0, 4096, 9, 0), (0, 4096, ulong.MaxValue, 0), (0, 4096, 8, 1),
        ])
        {
            Assert.Equal(Mmu.Errno.Invalid, tdp.SetMemoryAttributes(address, size, attributes, flags));
        }

        Assert.Equal(before, tdp.Statistics);
        Assert.Equal(sequence, tdp.Core.Invalidations.Snapshot);
        Assert.Equal(0ul, tdp.Core.Invalidations.InProgress);
        Assert.Equal(new TdpMappings(0, 1, 0), tdp.CountMappings());
        Assert.Equal(9, tdp.Core.Slots[0].Gmem!.OrderAt(0));
    }
}
