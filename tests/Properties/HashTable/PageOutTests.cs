using RingKit.Mmu.HashTable;
using Xunit;
using static RingKit.Properties.HashTable.FaultMachine;

namespace RingKit.Properties.HashTable;

/// <summary>Pages that the host takes away, and those that it asks after.</summary>
public sealed class PageOutTests
{
    private const ulong IndexOfX = 0x1A2A0;

    [Fact]
    public void C_that_comes_with_the_tlbie_is_recorded_in_both_views()
    {
        using var machine = new FaultMachine(new() { PageShift = 16 });
        machine.Core.NotesModifications = true;
        const ulong clean = XGuestR & ~HpteR.ReferencedChanged;
        machine.Enter(X, clean);
        machine.Core.Chains.StoreGuestR(IndexOfX, clean);
        machine.Access(X, store: true, keepsC: true);
        Assert.False(machine.Entry(IndexOfX).IsChanged);
        machine.PageOut(0x42);
        Assert.Equal(4UL, machine.Slot.Changed.Take(1));
        Assert.Equal(XGuestR | HpteR.Modified, machine.Core.Chains.LoadGuestR(IndexOfX));
    }

    [Fact]
    public void A_range_takes_every_page_of_it_and_whole_host_pages()
    {
        using var machine = new FaultMachine(new() { PageShift = 16, BackingShift = 17, Order = 18 });
        for (ulong page = 0; page < 16; page++)
            machine.Enter(X with { Address = page << 16 }, (page << 16) | 0x1192);

        Assert.Equal(6UL, machine.PageOut(5, 4));   // host pages 4, 6 and 8
        for (ulong page = 0; page < 16; page++)
            Assert.Equal(page is >= 4 and < 10 ? 1u : 0, machine.Slot.Host[page]);
        Assert.Equal(2UL, machine.PageOut(4, 7));   // and 10
        Assert.Equal(0UL, machine.PageOut(4096, ulong.MaxValue));
        Assert.Equal(8UL, machine.PageOut(0, ulong.MaxValue));
        FaultThread thread = machine.Thread;
        machine.Core.PageIn(ref thread, 3);
        Assert.Equal((1u, 0u, 0u, 1u), (machine.Slot.Host[1], machine.Slot.Host[2], machine.Slot.Host[3], machine.Slot.Host[4]));
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void The_rmap_word_is_free_while_an_entry_is_waited_for()
    {
        foreach (bool ages in (bool[])[false, true])
        {
            using var machine = new FaultMachine(new() { PageShift = 16, Order = 18 });
            ulong first = machine.Enter(X, XGuestR);
            ulong second = machine.Enter(X with { Address = X.Address + 0x10000 }, XGuestR);
            machine.Access(X, store: true);
            machine.Access(X with { Address = X.Address + 0x10000 }, store: true);
            Assert.True(machine.Core.Table.TryLock(second));
            int waits = 0;
            machine.WhenRelaxing = () =>
            {
                Assert.Equal(0UL, machine.Rmap(0x42) & machine.Core.Format.Lock);
                if (++waits == 5)
                    machine.Core.Table.Unlock(second, machine.Entry(second).V);
            };
            if (ages)
                Assert.True(machine.Age(0x42));
            else
                Assert.Equal(2UL, machine.PageOut(0x42));
            Assert.Equal(5, waits);
            Assert.Equal(!ages, machine.Entry(first).IsAbsent && machine.Entry(second).IsAbsent);
            ChainInvariant.Check(machine.Core);
        }
    }

    [Fact]
    public void Aging_clears_r_alone_tells_the_guest_and_leaves_the_entry_valid()
    {
        using var machine = new FaultMachine(new() { PageShift = 16 });
        const ulong clean = XGuestR & ~HpteR.ReferencedChanged;
        machine.Enter(X, clean);
        Assert.False(machine.Age(0x42));
        machine.Access(X, store: true);
        Assert.True(machine.Age(0x42));
        Assert.Equal(1, machine.Tlbies);
        Hpte entry = machine.Entry(IndexOfX);
        Assert.True(entry.IsValid && entry.IsChanged && !entry.IsReferenced);
        Assert.Equal(clean | HpteR.Referenced, machine.Core.Chains.LoadGuestR(IndexOfX));
        Assert.False(machine.Age(0x42));

        // R of an entry that is gone waits in the rmap word.
        machine.Access(X, store: false);
        machine.PageOut(0x42);
        Assert.True(machine.Age(0x42));
        Assert.False(machine.Age(0x42));
        Assert.False(machine.Age(0x5000));
        ChainInvariant.Check(machine.Core);
    }

    [Fact]
    public void Aging_does_not_lose_c_that_is_set_beside_it()
    {
        using var machine = new FaultMachine(new() { PageShift = 16 });
        machine.Enter(X, XGuestR & ~HpteR.ReferencedChanged);
        machine.Access(X, store: true, keepsC: true);
        Assert.True(machine.Age(0x42));
        Assert.True(machine.Entry(IndexOfX).IsChanged);
    }

    [Fact]
    public void An_entry_of_key_31_is_no_devices_when_its_page_is_out()
    {
        using var machine = new FaultMachine(new() { PageShift = 16 });
        machine.Enter(X, XGuestR | HpteR.Key);
        machine.PageOut(0x42);
        Assert.Equal(0, machine.Entry(IndexOfX).Key);
        machine.Access(X, store: true);
        ChainInvariant.Check(machine.Core);
    }
}
