using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Faults;
using RingKit.Mmu.HashTable.Slots;
using Xunit;
using static RingKit.Properties.HashTable.FaultMachine;

namespace RingKit.Properties.HashTable;

/// <summary>Faults of both levels, each outcome.</summary>
public sealed class FaultTests
{
    private const ulong ReadOnlyR = XGuestR | 3;
    private static readonly HashTableOptions Options = new() { PageShift = 16, Order = 20 };

    [Fact]
    public void Without_an_entry_the_fault_is_the_guests()
    {
        using var machine = new FaultMachine(Options);
        Assert.Equal(new(FaultOutcome.Reflect, Dsisr.NoEntry), machine.Judge(X, Dsisr.NoEntry));
        Assert.Equal(new(FaultOutcome.Reflect, Dsisr.NoEntry | Dsisr.Store), machine.Judge(X, Dsisr.NoEntry | Dsisr.Store));
    }

    [Fact]
    public void A_fault_whose_reason_is_gone_is_tried_again()
    {
        using var machine = new FaultMachine(Options);
        Assert.Equal(FaultOutcome.Retry, machine.Judge(X, Dsisr.Protection | Dsisr.Store).Outcome);
        machine.Enter(X, XGuestR);
        Assert.Equal(FaultOutcome.Retry, machine.Judge(X, Dsisr.NoEntry).Outcome);
        machine.PageOut(0x42);
        Assert.Equal(FaultOutcome.Retry, machine.Judge(X, Dsisr.Protection | Dsisr.Store).Outcome);
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void What_the_guest_itself_forbids_is_reflected_to_it()
    {
        using var machine = new FaultMachine(Options);
        machine.Enter(X, ReadOnlyR | (5 << 9));
        const Dsisr store = Dsisr.Store | Dsisr.Protection;
        Assert.Equal(new(FaultOutcome.Reflect, store), machine.Judge(X, store));
        machine.PageOut(0x42);
        Assert.Equal(new(FaultOutcome.Reflect, store), machine.Judge(X, Dsisr.Store | Dsisr.NoEntry));

        // Key 5: bits 10 and 11 of the mask from the left, stores and loads.
        Assert.Equal(FaultOutcome.HostHandler, machine.Judge(X, Dsisr.NoEntry, amr: 2UL << 52).Outcome);
        Assert.Equal(FaultOutcome.HostHandler, machine.Judge(X, Dsisr.NoEntry, amr: ~(1UL << 52)).Outcome);
        Assert.Equal(new(FaultOutcome.Reflect, Dsisr.KeyFault), machine.Judge(X, Dsisr.NoEntry, amr: 1UL << 52));
    }

    [Fact]
    public void Protection_and_key_allow_what_the_architecture_says()
    {
        // Of each protection, 000 to 011 and 110: supervisor's load and store, user's load and store.
        (ulong Protection, string Allowed)[] table =
        [
            (0, "RW--"), (1, "RWR-"), (2, "RWRW"), (3, "R-R-"), (HpteR.Pp0 | 2, "R---"),
        ];
        foreach ((ulong protection, string allowed) in table)
        {
            var entry = new Hpte(0, protection);
            Assert.Equal(allowed[0] == 'R', PageProtection.Allows(entry, storageKey: false, isStore: false));
            Assert.Equal(allowed[1] == 'W', PageProtection.Allows(entry, storageKey: false, isStore: true));
            Assert.Equal(allowed[2] == 'R', PageProtection.Allows(entry, storageKey: true, isStore: false));
            Assert.Equal(allowed[3] == 'W', PageProtection.Allows(entry, storageKey: true, isStore: true));
        }

        for (int key = 0; key < 32; key++)
        {
            var entry = new Hpte(0, ((ulong)(key & 7) << 9) | ((ulong)(key >> 3) << 60));
            Assert.Equal(key, entry.Key);
            Assert.False(PageProtection.KeyAllows(entry, 1UL << (63 - (2 * key)), isStore: true));
            Assert.True(PageProtection.KeyAllows(entry, ~(1UL << (63 - (2 * key))), isStore: true));
            Assert.False(PageProtection.KeyAllows(entry, 1UL << (62 - (2 * key)), isStore: false));
            Assert.True(PageProtection.KeyAllows(entry, ~(1UL << (62 - (2 * key))), isStore: false));
        }
    }

    [Fact]
    public void An_absent_entry_is_installed_when_the_host_has_brought_its_page_in()
    {
        using var machine = new FaultMachine(Options with { BackingShift = 16 });
        machine.PageOut(0x42);
        ulong index = machine.Enter(X, XGuestR);
        Assert.True(machine.Entry(index).IsAbsent);
        FirstLevelFault judged = machine.Judge(X, Dsisr.NoEntry | Dsisr.Store);
        Assert.Equal(new(FaultOutcome.HostHandler, Dsisr.Store, new FaultSnapshot(index, machine.Entry(index))), judged);
        Assert.Equal(PageFaultOutcome.Installed, machine.Handle(X, Dsisr.Store, judged.Snapshot));

        // R and C are set in neither, as the host's view has none.
        Assert.Equal(new Hpte(0x123456005, (machine.Slot.HostAddress + 0x420000) | 0x1012), machine.Entry(index));
        Assert.Equal(XGuestR, machine.Core.Chains.LoadGuestR(index));
        Assert.Equal(0u, machine.Slot.Host[0x42]);
        Assert.Equal(PageFaultOutcome.Retry, machine.Handle(X, Dsisr.Store, judged.Snapshot));
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void Two_small_pages_share_the_chain_of_the_hosts_page_around_them()
    {
        using var machine = new FaultMachine(Options);
        VirtualAddress low = X with { BaseShift = 12 };
        VirtualAddress high = low with { Address = low.Address + 0x1000 };
        ulong first = machine.Enter(low, 0x420192);
        ulong second = machine.Enter(high, 0x421192);
        Assert.Equal(2UL, machine.PageOut(0x42));
        machine.Access(high, store: true);
        machine.Access(low, store: false);
        Assert.Equal(machine.Slot.HostAddress + 0x420000, machine.Entry(first).Rpn);
        Assert.Equal(machine.Slot.HostAddress + 0x421000, machine.Entry(second).Rpn);
        Assert.Equal(second, machine.Rmap(0x42) & 0xFFFF_FFFF);
        Assert.Equal((uint)first, machine.Core.Chains.Next((uint)second));
        Assert.Equal(second, machine.Core.Chains.Next((uint)first));
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void A_store_to_a_shared_page_makes_the_entry_writable_and_keeps_its_r_and_c()
    {
        using var machine = new FaultMachine(Options);
        machine.Share(0x42);
        ulong index = machine.Enter(X, XGuestR);
        Assert.Equal(3UL, machine.Entry(index).R & HpteR.Protection);
        Assert.Equal(2UL, machine.Core.Chains.LoadGuestR(index) & HpteR.Protection);
        machine.Access(X, store: false);
        Assert.Equal(3UL, machine.Entry(index).R & HpteR.Protection);

        // C comes late, with the tlbie of the fault itself.
        machine.Core.Table.SetByHardware(index, HpteR.Referenced);
        machine.WhenInvalidating = at => machine.Core.Table.SetByHardware(at, HpteR.Changed);
        Assert.Equal(PageFaultOutcome.Replaced, machine.Fault(X, Dsisr.Store | Dsisr.Protection));
        Assert.Equal(0x1012UL | HpteR.ReferencedChanged, machine.Entry(index).R & 0xFFFF);
        Assert.Equal(0u, machine.Slot.Host[0x42]);
        Assert.Equal(1, machine.Tlbies);
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void A_page_that_becomes_shared_takes_its_entries_away_and_gives_them_back_read_only()
    {
        using var machine = new FaultMachine(Options);
        ulong index = machine.Enter(X, XGuestR);
        machine.Access(X, store: true);
        Assert.Equal(1UL, machine.Share(0x42));
        Assert.True(machine.Entry(index).IsAbsent);
        machine.Access(X, store: false);
        Assert.False(machine.Entry(index).IsWritable);
        machine.Access(X, store: true);
        Assert.True(machine.Entry(index).IsWritable && machine.Entry(index).IsChanged);
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void An_entry_that_changed_since_the_first_level_is_left_alone()
    {
        using var machine = new FaultMachine(Options);
        machine.PageOut(0x42);
        ulong index = machine.Enter(X, XGuestR);
        FaultSnapshot snapshot = machine.Judge(X, Dsisr.NoEntry).Snapshot;
        Hpte seen = machine.Entry(index);
        FaultSnapshot[] others =
        [
            snapshot with { Entry = seen with { V = seen.V ^ HpteV.Bolted } },
            snapshot with { Entry = seen with { R = seen.R ^ HpteR.NoExecute } },
            snapshot with { Index = index + 1 },
            snapshot with { Index = ulong.MaxValue },
        ];
        Assert.All(others, other => Assert.Equal(PageFaultOutcome.Retry, machine.Handle(X, Dsisr.NoEntry, other)));
        Assert.Equal(seen, machine.Entry(index));
        Assert.Equal(PageFaultOutcome.Installed, machine.Handle(X, Dsisr.NoEntry, snapshot));
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void A_page_that_the_host_takes_away_meanwhile_is_not_mapped()
    {
        using var machine = new FaultMachine(Options);
        machine.PageOut(0x42);
        ulong index = machine.Enter(X, XGuestR);

        // The fault waits for the rmap word, its last lock; then the host counts an invalidation.
        FaultThread other = machine.Thread;
        ulong word = machine.Core.Chains.Lock(ref machine.Slot.RmapOf(0x42), ref other);
        machine.WhenRelaxing = () =>
        {
            machine.Core.CountInvalidation();
            machine.Core.Chains.Unlock(ref machine.Slot.RmapOf(0x42), word);
        };
        Assert.Equal(PageFaultOutcome.Retry, machine.Fault(X, Dsisr.NoEntry));
        Assert.True(machine.Entry(index).IsAbsent);
        machine.WhenRelaxing = null;
        Assert.Equal(PageFaultOutcome.Installed, machine.Fault(X, Dsisr.NoEntry));
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void Nothing_is_installed_while_the_table_is_replaced()
    {
        using var machine = new FaultMachine(Options);
        machine.PageOut(0x42);
        ulong index = machine.Enter(X, XGuestR);
        machine.Core.MmuReady = false;
        Assert.Equal(PageFaultOutcome.Retry, machine.Fault(X, Dsisr.NoEntry));
        Assert.True(machine.Entry(index).IsAbsent);
        machine.Core.MmuReady = true;
        Assert.Equal(PageFaultOutcome.Installed, machine.Fault(X, Dsisr.NoEntry));
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void An_entry_without_memory_is_a_devices()
    {
        using var machine = new FaultMachine(Options);
        ulong index = machine.Enter(X, 0x50001192);
        Assert.True(machine.Entry(index).IsAbsent);
        Assert.Equal(31, machine.Entry(index).Key);
        FirstLevelFault judged = machine.Judge(X, Dsisr.NoEntry | Dsisr.Store);
        Assert.Equal(FaultOutcome.Mmio, judged.Outcome);
        Assert.Equal(PageFaultOutcome.Mmio, machine.Handle(X, Dsisr.Store, judged.Snapshot));
        Assert.True(machine.Entry(index).IsAbsent);
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void A_host_page_that_does_not_fit_the_entry_is_an_error_of_the_host()
    {
        using var machine = new FaultMachine(Options);
        ulong index = machine.Enter(X, XGuestR);
        machine.PageOut(0x42);
        machine.Slot.Host[0x42] |= HostPages<RingKit.Ordering.HardwareOrdering>.CachingInhibited;
        Assert.Equal(PageFaultOutcome.NoHostPage, machine.Fault(X, Dsisr.NoEntry));
        Assert.True(machine.Entry(index).IsAbsent);
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void A_large_page_is_in_the_chain_of_its_first_page_wherever_the_fault_is()
    {
        using var machine = new FaultMachine(Options);
        var address = new VirtualAddress(0x777, 0x3000000, 24, IsOneTebibyteSegment: false);
        ulong index = machine.Enter(address, 0x1000192);
        Assert.Equal(1UL, machine.PageOut(0x1AB));
        machine.Access(address with { Address = 0x3ABCDEF }, store: true);
        Assert.Equal(index, machine.Rmap(0x100) & 0xFFFF_FFFF);
        Assert.Equal(machine.Slot.HostAddress + 0x1000000, machine.Entry(index).Rpn);
        ChainInvariant.Check(machine.Core);
    }
}
