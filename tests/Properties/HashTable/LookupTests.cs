using RingKit.Mmu.HashTable;
using Xunit;
using static RingKit.Properties.HashTable.FaultMachine;

namespace RingKit.Properties.HashTable;

/// <summary>Searches of the table, the processor's and the hypervisor's.</summary>
public sealed class LookupTests
{
    [Fact]
    public void The_first_match_counts_and_the_primary_group_comes_first()
    {
        using var machine = new FaultMachine(new() { PageShift = 16 });
        ulong secondary = machine.Enter(X, XGuestR, slotInGroup: 1, secondary: true);
        Assert.Equal(secondary, Find(machine, X));
        ulong later = machine.Enter(X, XGuestR, slotInGroup: 6);
        Assert.Equal(later, Find(machine, X));
        ulong first = machine.Enter(X, XGuestR, slotInGroup: 2);
        Assert.Equal(first, Find(machine, X));
        Assert.Equal(0x1A2A2UL, first);
        Assert.Equal((0x1CBABUL * 8) + 1, secondary);
        Assert.Null(Find(machine, X with { Address = X.Address + 0x10000 }));
        Assert.Null(Find(machine, X with { Vsid = X.Vsid ^ 1 }));
        Assert.Null(Find(machine, X with { IsOneTebibyteSegment = true }));
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void An_entry_of_another_base_size_is_no_match()
    {
        using var machine = new FaultMachine(new() { PageShift = 12, Order = 18 }, pages: 8192);

        // The same V as X's, but by its selector of a segment of 16 MiB pages, or of 4 KiB pages.
        machine.Enter(X, 0x1000192, slotInGroup: 0);
        machine.Enter(X, 0x427192, slotInGroup: 1);
        Assert.Null(Find(machine, X));
        ulong right = machine.Enter(X, 0x421192, slotInGroup: 2);
        Assert.Equal(right, Find(machine, X));
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void A_segment_of_small_pages_has_larger_ones_among_them()
    {
        using var machine = new FaultMachine(new() { PageShift = 12, Order = 18 }, pages: 8192);
        VirtualAddress small = X with { BaseShift = 12 };
        ulong mixed = machine.Enter(small, 0x427192, size: 16);
        Assert.Equal(mixed, Find(machine, small));
        Assert.Equal(new HptePageSize(12, 16), machine.Entry(mixed).PageSize);
    }

    [Fact]
    public void Only_entries_in_the_wanted_states_are_found()
    {
        using var machine = new FaultMachine(new() { PageShift = 16 });
        ulong index = machine.Enter(X, XGuestR);
        machine.PageOut(0x42);
        Assert.Null(Find(machine, X));
        Assert.Equal(index, Find(machine, X, HpteV.Valid | HpteV.Absent));
        Assert.Equal(index, Find(machine, X, HpteV.Absent));
        machine.Access(X, store: false);
        Assert.Null(Find(machine, X, HpteV.Absent));
        Assert.Equal(index, Find(machine, X));
    }

    [Fact]
    public void A_locked_entry_is_waited_for_and_looked_at_again()
    {
        using var machine = new FaultMachine(new() { PageShift = 16 });
        ulong index = machine.Enter(X, XGuestR);
        foreach (bool goes in (bool[])[false, true])
        {
            ulong v = machine.Entry(index).V;
            Assert.True(machine.Core.Table.TryLock(index));
            int waits = 0;
            machine.WhenRelaxing = () =>
            {
                if (++waits == 3)
                    machine.Core.Table.Unlock(index, goes ? v ^ 0x1000 : v);
            };
            Assert.Equal(goes ? null : index, Find(machine, X));
            Assert.Equal(3, waits);
            Assert.False(machine.Entry(index).IsLocked);
        }
    }

    [Fact]
    public void Both_formats_of_the_table_are_the_same_to_the_hypervisor()
    {
        var address = new VirtualAddress(0xABCDEF, 0x00007FFF12340000, 16, IsOneTebibyteSegment: true);
        using var old = new FaultMachine(new() { PageShift = 16 });
        using var isa30 = new FaultMachine(new() { PageShift = 16, Isa30 = true });
        foreach (FaultMachine machine in (FaultMachine[])[old, isa30])
        {
            Assert.Equal(0x6FED8UL, machine.Enter(address, XGuestR));
            machine.Access(address, store: true);
            Assert.Equal(0x6FED8UL, Find(machine, address));
            Assert.Null(Find(machine, address with { IsOneTebibyteSegment = false, Vsid = 0xABCDEFUL << 12 }));
            machine.PageOut(0x42);
            machine.Access(address, store: false);
            ChainInvariant.Check(machine.Core);
        }

        Hpte entry = old.Entry(0x6FED8);
        Assert.Equal(0x4000ABCDEFFF1205UL, entry.V);
        Assert.Equal(entry, isa30.Entry(0x6FED8));
        Assert.Equal(entry.ToIsa30().ToRaw(), isa30.Core.Table.View[0x6FED8]);
        Assert.Equal(entry.ToRaw(), old.Core.Table.View[0x6FED8]);
        Assert.NotEqual(entry, entry.ToIsa30());
    }

    // The hypervisor's answer, which is the processor's if only valid entries are looked for.
    private static ulong? Find(FaultMachine machine, VirtualAddress address, ulong states = HpteV.Valid)
    {
        FaultThread thread = machine.Thread;
        ulong? found = null;
        if (machine.Core.TryFindAndLock(ref thread, address, states, out ulong index, out Hpte entry))
        {
            Assert.True(machine.Entry(index).IsLocked);
            Assert.False(entry.IsLocked);
            machine.Core.Table.Unlock(index, entry.V);
            found = index;
        }

        if (states == HpteV.Valid)
            Assert.Equal(found, machine.Core.TryTranslate(address, out ulong translated, out _) ? translated : null);
        return found;
    }
}
