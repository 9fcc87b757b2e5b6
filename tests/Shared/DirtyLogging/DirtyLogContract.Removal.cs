using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging;

/// <content>Slots that go, with their last dirty pages, and come back.</content>
public abstract partial class DirtyLogContract
{
    [Fact]
    public void A_slot_goes_with_the_last_pages_that_it_has_dirtied()
    {
        MemorySlot slot = _memory.Slots[1];
        _log.Start();
        Store(0, 1, 5000, 5001);
        Store(1, 2, 5001, 5069);
        foreach (Vcpu vcpu in _machine.Vcpus)
            GuestAction.Run(vcpu, self => self.Load(5040ul << 12, new byte[8]));
        Assert.Equal(Errno.None, _machine.RemoveSlot(slot, out DirtyHarvest? last));
        Assert.True(slot.IsRemoved);
        SortedSet<(uint Slot, ulong Offset)> expected = [(9u, 0ul), (9u, 1ul), (9u, 69ul)];
        if (_readsDirty)
            expected.Add((9u, 40ul));
        Assert.Equal(expected, HeldPages.Of(last!));
        Assert.Equal(5069, BitConverter.ToInt64(last!.PageOf(slot, 69)));

        // No vCPU reaches it, whatever it remembers, and nothing is dirty there any more.
        for (int vcpu = 0; vcpu < 2; vcpu++)
        {
            foreach (ulong gfn in new ulong[] { 5000, 5001, 5069, 5040 })
            {
                Assert.Equal(VcpuExit.NoMemory, GuestAction.Run(_machine.Vcpus[vcpu], self => self.Store(gfn << 12, 99ul)));
                Assert.Equal(VcpuExit.NoMemory, GuestAction.Run(_machine.Vcpus[vcpu], self => self.Load(gfn << 12, new byte[8])));
            }
        }

        Assert.Equal(5069, BitConverter.ToInt64(last.PageOf(slot, 69)));
        Assert.Equal(Errno.BadAddress, _machine.WriteAsDevice(5000ul << 12, new byte[8]));
        Assert.Equal([(3u, 1ul), (3u, 2ul)], DirtySet.Harvest(_log));
        Store(0, 1);
        Assert.Equal([(3u, 1ul)], DirtySet.Harvest(_log));

        // What could not be sent comes again, though the slot is gone.
        Assert.Equal(1ul, last.Confirm(slot, 1, 1));
        last.Dispose();
        expected.Remove((9u, 1ul));
        Assert.Equal(expected, HeldPages.TakeFrom(_log));
        Assert.Equal(Errno.Invalid, _machine.RemoveSlot(slot, out last));
        Assert.Null(last);
    }

    [Fact]
    public void A_clean_slot_goes_too()
    {
        _log.Start();
        Store(0, 5000);
        _log.Clear();
        foreach (Vcpu vcpu in _machine.Vcpus)
            GuestAction.Run(vcpu, self => self.Load(5000ul << 12, new byte[8]));
        _log.Clear();
        foreach (Vcpu vcpu in _machine.Vcpus)
            GuestAction.Run(vcpu, self => self.Load(1ul << 12, new byte[8]));
        Assert.Equal(Errno.None, _machine.RemoveSlot(_memory.Slots[1]));
        foreach (Vcpu vcpu in _machine.Vcpus)
            Assert.Equal(VcpuExit.NoMemory, GuestAction.Run(vcpu, self => self.Load(5000ul << 12, new byte[8])));
    }

    [Fact]
    public void A_store_right_after_the_last_pages_were_taken_is_refused()
    {
        MemorySlot slot = _memory.Slots[1];
        _log.Start();
        Store(0, 1, 5000, 5001);
        List<VcpuExit> exits = [];
        using var overtaken = new OvertakenTake(_log, () =>
        {
            foreach (Vcpu vcpu in _machine.Vcpus)
                exits.Add(GuestAction.Run(vcpu, self => self.Store(5000ul << 12, 99ul)));
        });
        _machine.Detach(_log);
        _machine.Attach(overtaken);
        Assert.Equal(Errno.None, _machine.RemoveSlot(slot, out DirtyHarvest? last));
        _machine.Detach(overtaken);
        _machine.Attach(_log);
        Assert.Equal([VcpuExit.NoMemory, VcpuExit.NoMemory], exits);
        Assert.Equal([(9u, 0ul), (9u, 1ul)], HeldPages.Of(last!));
        Assert.Equal(5000, BitConverter.ToInt64(last!.PageOf(slot, 0)));
        last.Dispose();
    }

    [Fact]
    public void A_slot_comes_back_with_its_bytes_and_is_logged()
    {
        MemorySlot slot = _memory.Slots[1];
        _log.Start();
        Store(0, 5000, 5001);
        Assert.Equal(Errno.Invalid, _machine.RestoreSlot(slot));
        Assert.Equal(Errno.None, _machine.RemoveSlot(slot));
        GuestAction.Run(_machine.Vcpus[0], self => self.Store(5000ul << 12, 99ul));
        Assert.Equal([(9u, 0ul), (9u, 1ul)], DirtySet.Harvest(_log));
        Assert.Equal(Errno.None, _machine.RestoreSlot(slot));
        Assert.False(slot.IsRemoved);

        byte[] found = new byte[8];
        Assert.Equal(VcpuExit.None, GuestAction.Run(_machine.Vcpus[0], self => self.Load(5000ul << 12, found)));
        Assert.Equal(5000, BitConverter.ToInt64(found));
        DirtySet.Harvest(_log);
        Store(0, 5001, 5002);
        Store(1, 5001);
        Assert.Equal([(9u, 1ul), (9u, 2ul)], DirtySet.Harvest(_log));
        Assert.Equal(Errno.None, _machine.RemoveSlot(slot, out DirtyHarvest? last));
        Assert.Empty(HeldPages.Of(last!));
        Assert.Equal(Errno.None, _machine.RestoreSlot(slot));
    }

    [Fact]
    public void A_slot_can_be_away_while_logging_starts_and_stops()
    {
        MemorySlot slot = _memory.Slots[0];
        Store(0, 1, 5000);
        Assert.Equal(Errno.None, _machine.RemoveSlot(slot, out DirtyHarvest? last));
        Assert.Empty(HeldPages.Of(last!));
        _log.Start();
        Store(0, 5000);
        Assert.Equal(Errno.None, _machine.RestoreSlot(slot));
        Store(0, 1);
        Assert.Equal([(3u, 1ul), (9u, 0ul)], HeldPages.TakeFrom(_log));
        Assert.Equal(Errno.None, _machine.RemoveSlot(slot));
        _log.Stop();
        Assert.Equal(Errno.None, _machine.RestoreSlot(slot));
        Store(0, 1, 2);
        Assert.Empty(HeldPages.TakeFrom(_log));
    }

    [Fact]
    public void A_vcpu_can_take_a_slot_away_in_a_step_of_its_own()
    {
        MemorySlot slot = _memory.Slots[1];
        _log.Start();
        Store(1, 5001);
        DirtyHarvest? last = null;
        VcpuExit exit = GuestAction.Run(_machine.Vcpus[0], self =>
        {
            Assert.Equal(VcpuExit.None, self.Store(5000ul << 12, 1ul));
            Assert.Equal(Errno.None, _machine.RemoveSlot(slot, out last));
            return self.Store(5000ul << 12, 2ul);
        });
        Assert.Equal(VcpuExit.NoMemory, exit);
        Assert.Equal([(9u, 0ul), (9u, 1ul)], HeldPages.Of(last!));
        Assert.Equal(1, BitConverter.ToInt64(last!.PageOf(slot, 0)));
    }

    /// <summary>P13, and P1 with concurrency.</summary>
    [Fact]
    public void P13_what_was_taken_copied_and_confirmed_in_parts_adds_up_to_the_memory_and_so_does_a_slot_that_goes()
    {
        int seed = LongRun.IsOn ? Random.Shared.Next() : 2019;
        var copy = new TwoPhaseCopy(_log, _machine, seed);
        copy.Run(TimeSpan.FromMilliseconds(LongRun.IsOn ? 20_000 : 30));
        Assert.NotEqual(0ul, copy.Confirmed);
        Report.Line($"{GetType().Name}: {copy.Confirmed} pages confirmed, {copy.Removals} removals of a slot, memory equal (seed {seed})");
    }

    [Fact]
    public void Only_slots_of_the_machine_go_and_come()
    {
        using var other = new GuestMemory();
        MemorySlot foreign = other.AddSlot(3, 0, 1000);
        Assert.Throws<ArgumentNullException>("slot", () => _machine.RemoveSlot(null!));
        Assert.Throws<ArgumentException>("slot", () => _machine.RemoveSlot(foreign));
        Assert.Throws<ArgumentException>("slot", () => _machine.RestoreSlot(foreign));
        _log.Dispose();
        Assert.Equal(Errno.None, _machine.RemoveSlot(_memory.Slots[0], out DirtyHarvest? last));
        Assert.Null(last);
        Assert.Equal(Errno.None, _machine.RestoreSlot(_memory.Slots[0]));
        Store(0, 1);
    }
}
