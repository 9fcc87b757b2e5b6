using RingKit.Mmu;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Hypervisor;
using Xunit;
using static RingKit.Properties.HashTable.FaultMachine;

namespace RingKit.Properties.HashTable;

/// <summary>Past bugs of faults, page-outs and resizes: each is found when it is brought back, by a scenario that holds without it.</summary>
public sealed class FaultDefectTests
{
    [Fact]
    public void A_large_page_in_the_chain_of_the_faulting_page_is_found() =>
        Finds(HashTableDefects.FaultChainsFaultingPage, defects =>
        {
            using var machine = Make(defects, backingShift: 24);
            var address = new VirtualAddress(0x777, 0x3000000, 24, IsOneTebibyteSegment: false);
            machine.Enter(address, 0x1000192);
            machine.PageOut(0x100);
            machine.Access(address with { Address = 0x3ABCDEF }, store: true);
            return ChainInvariant.FindViolation(machine.Core);
        });

    [Fact]
    public void A_fault_that_does_not_see_the_resize_is_found() =>
        Finds(HashTableDefects.FaultIgnoresResize, defects =>
        {
            using var machine = Make(defects);
            VirtualAddress high = X with { Vsid = X.Vsid ^ 0x100 };
            machine.PageOut(1);
            ulong absent = machine.Enter(X, 0x11192);
            Assert.True(absent < machine.Enter(high, 0x21192));

            // The fault has begun; the resize has passed its entry and is at the next one when it goes on.
            FaultSnapshot snapshot = machine.Judge(X, Dsisr.NoEntry).Snapshot;
            machine.WhenInvalidating = _ => machine.Handle(X, Dsisr.NoEntry, snapshot);
            Assert.Equal(Errno.None, ResizeTests.Resize(machine, 19));
            return ChainInvariant.FindViolation(machine.Core);
        });

    [Fact]
    public void A_resize_that_takes_one_format_for_the_other_is_found() =>
        Finds(HashTableDefects.RehashIgnoresFormat, defects =>
        {
            using var machine = Make(defects, isa30: true);
            var address = new VirtualAddress(0xABCDEF, 0x00007FFF12340000, 16, IsOneTebibyteSegment: true);
            machine.Enter(address, XGuestR, vBits: HpteV.Bolted);
            Assert.Equal(Errno.None, ResizeTests.Resize(machine, 24));
            return machine.Judge(address, Dsisr.NoEntry).Outcome == FaultOutcome.Reflect ? "the bolted entry is not found" : null;
        });

    [Fact]
    public void A_page_out_that_keeps_the_key_is_found() =>
        Finds(HashTableDefects.PageOutKeepsKey, defects =>
        {
            using var machine = Make(defects);
            machine.Enter(X, XGuestR | HpteR.Key);
            machine.PageOut(0x42);
            return machine.Judge(X, Dsisr.NoEntry).Outcome == FaultOutcome.Mmio ? "a page of memory is taken for a device's" : null;
        });

    [Fact]
    public void A_page_out_of_the_first_page_alone_is_found() =>
        Finds(HashTableDefects.PageOutTakesFirstPage, defects =>
        {
            using var machine = Make(defects);
            ulong index = machine.Enter(X, XGuestR);
            machine.PageOut(0x40, 4);
            return machine.Entry(index).IsValid ? "an entry maps a page that the host has given away" : null;
        });

    private static void Finds(HashTableDefects defect, Func<HashTableDefects, string?> find)
    {
        Assert.Null(find(HashTableDefects.None));
        Assert.NotNull(find(defect));
    }

    private static FaultMachine Make(HashTableDefects defects, int backingShift = 16, bool isa30 = false) =>
        new(new() { PageShift = 16, Order = 18, BackingShift = backingShift, Isa30 = isa30, Defects = defects });
}
