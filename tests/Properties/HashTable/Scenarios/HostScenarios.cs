using RingKit.Mmu;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Properties.HashTable.Harvesting;
using Xunit;
using static RingKit.Properties.HashTable.Scenarios.ScenarioCase;

namespace RingKit.Properties.HashTable.Scenarios;

/// <summary>Past bugs of page-outs, faults and resizes that need nobody else.</summary>
public sealed class HostScenarios
{
    [Fact]
    public void A_large_pages_fault_goes_to_the_chain_of_its_first_page() => InAll(FaultInLargePage);

    [Fact]
    public void A_resize_finds_the_segments_size_in_both_formats() => InAll(ResizeOfIsa30);

    [Fact]
    public void A_page_that_is_out_is_not_taken_for_a_devices() => InAll(KeyOfPageThatIsOut);

    [Fact]
    public void A_page_out_of_a_range_takes_all_of_it() => InAll(PageOutOfRange);

    internal static void FaultInLargePage(ScenarioCase at)
    {
        using var machine = new FaultMachine(at.Options with { Order = 18 });
        var address = new VirtualAddress(0x777, 0x300_0000, 24, IsOneTebibyteSegment: false);
        machine.Enter(address, 0x100_0112);
        machine.PageOut(0x100);
        machine.Access(address with { Address = 0x3AB_CDEF }, store: true);
        ChainInvariant.Check(machine.Core);
        Assert.Equal(HarvestScenarios.Pages(0x100, 256), machine.Get(at.Method));
    }

    internal static void ResizeOfIsa30(ScenarioCase at)
    {
        using FaultMachine machine = Machine(at, isa30: true);
        var address = new VirtualAddress(0xABCDEF, 0x7FFF_1234_0000, 16, IsOneTebibyteSegment: true);
        machine.Enter(address, FaultMachine.XGuestR, vBits: HpteV.Bolted);
        Assert.Equal(Errno.None, ResizeTests.Resize(machine, 21));
        Assert.Equal(FaultOutcome.HostHandler, machine.Judge(address, Dsisr.NoEntry).Outcome);
    }

    internal static void KeyOfPageThatIsOut(ScenarioCase at)
    {
        using FaultMachine machine = Machine(at);
        machine.Enter(FaultMachine.X, FaultMachine.XGuestR | HpteR.Key);
        machine.PageOut(0x42);
        Assert.Equal(FaultOutcome.HostHandler, machine.Judge(FaultMachine.X, Dsisr.NoEntry).Outcome);
    }

    internal static void PageOutOfRange(ScenarioCase at)
    {
        using FaultMachine machine = Machine(at);
        ulong index = machine.Enter(FaultMachine.X, FaultMachine.XGuestR);
        machine.PageOut(0x40, 4);
        Assert.True(machine.Entry(index).IsAbsent);
    }

    private static FaultMachine Machine(ScenarioCase at, bool isa30 = false) => new(at.Options with { Order = 18, BackingShift = 16, Isa30 = isa30 });
}
