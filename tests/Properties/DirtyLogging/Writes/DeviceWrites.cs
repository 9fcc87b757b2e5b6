using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;
using RingKit.Ordering;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Writes;

/// <summary>What devices and the host write is in the harvests of every dirty log, with what vCPUs write.</summary>
public sealed class DeviceWrites
{
    public static TheoryData<string> Names => WrittenMachines.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void One_harvest_has_the_pages_of_all_writers(string name)
    {
        using var rig = new Rig(name);
        rig.Log.Start();
        DirtyLogStatistics before = rig.Log.Statistics;
        rig.Store(1, 2);
        Assert.Equal(Errno.None, rig.Machine.WriteAsDevice((2ul << 12) - 8, new byte[16]));
        Assert.Equal(Errno.None, rig.Machine.WriteAsHost(5069ul << 12, new byte[1]));
        rig.Machine.RecordDeviceWrite(rig.Low, 900, 100);
        rig.Machine.RecordHostWrite(rig.High, 3);
        SortedSet<(uint, ulong)> expected = [(3u, 1ul), (3u, 2ul), (9u, 3ul), (9u, 69ul)];
        for (ulong page = 900; page < 1000; page++)
            expected.Add((3u, page));
        Assert.Equal(expected, DirtySet.Harvest(rig.Log));
        DirtyLogStatistics cost = rig.Log.Statistics - before;
        Assert.Equal((102ul, 2ul), (cost.DevicePages, cost.HostPages));

        Assert.Empty(DirtySet.Harvest(rig.Log));
        rig.Machine.WriteAsDevice(7 << 12, [1]);
        rig.Store(7);
        Assert.Equal([(3u, 7ul)], DirtySet.Harvest(rig.Log));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_device_writes_a_page_again_without_a_fault_and_it_comes_again(string name)
    {
        using var rig = new Rig(name);
        rig.Log.Start();
        for (byte round = 1; round < 5; round++)
        {
            rig.Machine.WriteAsDevice(40 << 12, [round]);
            Assert.Equal([(3u, 40ul)], DirtySet.Harvest(rig.Log));
            Assert.Equal(round, rig.Low.Memory[40 << 12]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Nothing_is_recorded_before_the_start_and_nothing_is_left_after_the_stop(string name)
    {
        using var rig = new Rig(name);
        rig.Machine.WriteAsDevice(1 << 12, [1]);
        rig.Log.Start();
        Assert.Empty(DirtySet.Harvest(rig.Log));
        rig.Machine.WriteAsDevice(2 << 12, [1]);
        rig.Machine.WriteAsHost(3 << 12, [1]);
        rig.Log.Stop();
        rig.Machine.WriteAsDevice(4 << 12, [1]);
        rig.Log.Start();
        Assert.Empty(DirtySet.Harvest(rig.Log));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_writer_that_was_overtaken_by_the_stop_leaves_nothing_to_the_next_start(string name)
    {
        using var rig = new Rig(name);
        rig.Log.Start();
        rig.Log.Stop();
        MarkLate();
        rig.Log.Start();
        Assert.Empty(DirtySet.Harvest(rig.Log));
        if (rig.Log is not WriteProtectingLog log)
            return;
        log.Stop(rig.Low);
        MarkLate();
        log.Start(rig.Low);
        Assert.Empty(DirtySet.Harvest(log));

        // As if it had seen the flag before.
        void MarkLate()
        {
            rig.Low.LogsDirtyPages = true;
            rig.Machine.RecordDeviceWrite(rig.Low, 5);
            rig.Low.LogsDirtyPages = false;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Clear_forgets_them(string name)
    {
        using var rig = new Rig(name);
        rig.Log.Start();
        rig.Machine.WriteAsDevice(1 << 12, [1]);
        rig.Log.Clear();
        Assert.Empty(DirtySet.Harvest(rig.Log));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Pages_that_a_failing_sink_did_not_take_come_again(string name)
    {
        using var rig = new Rig(name);
        rig.Log.Start();
        for (int failAt = 0; failAt < 5; failAt++)
        {
            rig.Store(1, 200);
            rig.Machine.WriteAsDevice(400 << 12, [1]);
            rig.Machine.WriteAsDevice(600 << 12, [1]);
            rig.Machine.WriteAsHost(5001ul << 12, [1]);
            var failing = new FailingPageSink(failAt, []);
            Assert.Throws<IOException>(() => rig.Log.Harvest(ref failing));
            SortedSet<(uint Slot, ulong Offset)> later = DirtySet.Harvest(rig.Log);
            later.UnionWith(failing.Taken);
            Assert.Equal([(3u, 1ul), (3u, 200ul), (3u, 400ul), (3u, 600ul), (9u, 1ul)], later);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_harvest_in_two_phases_has_each_page_once_and_what_is_put_back_comes_again(string name)
    {
        using var rig = new Rig(name);
        rig.Log.Start();
        rig.Store(1, 70, 71);
        rig.Machine.WriteAsDevice(70 << 12, new byte[3 << 12]);
        rig.Machine.WriteAsHost(1 << 12, [9]);
        using (DirtyHarvest harvest = rig.Log.Take())
        {
            Assert.Equal(4ul, harvest.PageCount);
            Assert.Equal(9, harvest.PageOf(rig.Low, 1)[0]);
            harvest.Confirm(rig.Low, 70, 1);
        }

        rig.Machine.WriteAsDevice(71 << 12, [1]);
        Assert.Equal([(3u, 1ul), (3u, 71ul), (3u, 72ul)], DirtySet.Harvest(rig.Log));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_mark_behind_the_store_comes_a_harvest_late_at_worst(string name)
    {
        // A harvest and its copy in the middle of a device's write: the page comes with the next one.
        using var rig = new Rig(name);
        rig.Log.Start();
        rig.Low.Memory[50 << 12] = 1;
        Assert.Empty(DirtySet.Harvest(rig.Log));
        byte copied = rig.Low.Memory[50 << 12];
        rig.Low.Memory[(50 << 12) + 1] = 2;
        rig.Machine.RecordDeviceWrite(rig.Low, 50);
        Assert.Equal([(3u, 50ul)], DirtySet.Harvest(rig.Log));
        Assert.Equal((1, 1, 2), (copied, rig.Low.Memory[50 << 12], rig.Low.Memory[(50 << 12) + 1]));
    }

    [Fact]
    public void A_write_goes_across_slots_that_adjoin_and_happens_whole_or_not_at_all()
    {
        using var memory = new GuestMemory();
        MemorySlot high = memory.AddSlot(1, 12, 2), low = memory.AddSlot(2, 10, 2);
        using var machine = new VirtualMachine(memory);
        using var log = new BitmapDirtyLog(machine);
        log.Start();
        byte[] data = [.. Enumerable.Range(0, 4 * 4096).Select(i => (byte)(i * 7))];
        Assert.Equal(Errno.None, machine.WriteAsDevice(10 << 12, data));
        Assert.Equal(data, low.Memory.AsSpan().ToArray().Concat(high.Memory.AsSpan().ToArray()));
        Assert.Equal([(1u, 0ul), (1u, 1ul), (2u, 0ul), (2u, 1ul)], DirtySet.Harvest(log));

        byte[] more = new byte[4097];
        Assert.Equal(Errno.BadAddress, machine.WriteAsDevice(13 << 12, more));
        Assert.Equal(Errno.BadAddress, machine.WriteAsDevice((10 << 12) - 1, more));
        Assert.Equal(Errno.BadAddress, machine.WriteAsHost(ulong.MaxValue, more));
        Assert.Equal(data, low.Memory.AsSpan().ToArray().Concat(high.Memory.AsSpan().ToArray()));
        Assert.Empty(DirtySet.Harvest(log));
        Assert.Equal(Errno.None, machine.WriteAsDevice(ulong.MaxValue, []));
    }

    [Fact]
    public void A_slot_that_goes_during_a_write_takes_its_part_of_it()
    {
        const int LowPages = 16384;
        using var memory = new GuestMemory();
        MemorySlot low = memory.AddSlot(1, 0, LowPages), high = memory.AddSlot(2, LowPages, 1);
        using var machine = new VirtualMachine(memory);
        using var log = new BitmapDirtyLog(machine);
        log.Start();
        byte[] data = new byte[(LowPages + 1) * 4096];
        data.AsSpan().Fill(7);
        Errno written = Errno.Invalid;
        var device = new Thread(() => written = machine.WriteAsDevice(0, data));
        device.Start();

        // Its first bytes are there, and 64 MiB follow before it comes to the second slot.
        while (HardwareOrdering.LoadAcquire(ref low.Memory[0]) == 0 && device.IsAlive)
            HardwareOrdering.Pause();
        Assert.Equal(Errno.None, machine.RemoveSlot(high));
        device.Join();
        Assert.Equal((Errno.None, 7, 7), (written, high.Memory[0], high.Memory[4095]));
        Assert.Contains((2u, 0ul), DirtySet.Harvest(log));
        Assert.Equal(Errno.BadAddress, machine.WriteAsDevice((LowPages << 12) - 1, [1, 1]));
    }

    [Fact]
    public void The_last_byte_of_the_address_space_may_be_written_and_none_behind_it()
    {
        using var memory = new GuestMemory();
        MemorySlot first = memory.AddSlot(0, 0, 1), last = memory.AddSlot(1, GuestMemory.MaximumFrames - 1, 1);
        using var machine = new VirtualMachine(memory);
        Assert.Equal(Errno.None, machine.WriteAsDevice(ulong.MaxValue, [5]));
        Assert.Equal(5, last.Memory[4095]);
        Assert.Equal(Errno.BadAddress, machine.WriteAsDevice(ulong.MaxValue, [6, 7]));
        Assert.Equal((5, 0), (last.Memory[4095], first.Memory[0]));
    }

    [Fact]
    public void A_slot_without_bytes_takes_records_but_no_writes()
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlotWithoutBytes(0, 0, 100);
        using var machine = new VirtualMachine(memory);
        using var log = new BitmapDirtyLog(machine);
        log.Start();
        Assert.Equal(Errno.BadAddress, machine.WriteAsDevice(0, [1]));
        machine.RecordDeviceWrite(slot, 99);
        Assert.Equal([(0u, 99ul)], DirtySet.Harvest(log));
    }

    [Fact]
    public void Records_of_pages_that_are_not_there_are_refused_before_anything_is_recorded()
    {
        using var rig = new Rig("flat, bitmap");
        using var others = new GuestMemory();
        MemorySlot other = others.AddSlot(3, 0, 1000);
        rig.Log.Start();
        Assert.Throws<ArgumentNullException>(() => rig.Machine.RecordDeviceWrite(null!, 0));
        Assert.Throws<ArgumentException>(() => rig.Machine.RecordHostWrite(other, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => rig.Machine.RecordDeviceWrite(rig.Low, 1000));
        Assert.Throws<ArgumentOutOfRangeException>(() => rig.Machine.RecordDeviceWrite(rig.Low, 999, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => rig.Machine.RecordHostWrite(rig.Low, 1, ulong.MaxValue));
        rig.Machine.RecordHostWrite(rig.Low, 999, 0);
        Assert.Empty(DirtySet.Harvest(rig.Log));
        rig.Log.Dispose();
        rig.Machine.Dispose();
        Assert.Throws<ObjectDisposedException>(() => rig.Machine.WriteAsDevice(0, [1]));
        Assert.Throws<ObjectDisposedException>(() => rig.Machine.RecordDeviceWrite(rig.Low, 0));
    }

    [Theory]
    [InlineData("flat, memslot")]
    [InlineData("flat, memslot, manual")]
    [InlineData("flat, kvm bitmap")]
    [InlineData("flat, kvm ring with bitmap")]
    public void A_fetch_by_kvms_calls_has_them(string name)
    {
        using var rig = new Rig(name);
        rig.Log.Start();
        rig.Machine.WriteAsDevice(8 << 12, [1]);
        rig.Machine.WriteAsHost(9 << 12, [1]);
        byte[] bitmap = new byte[128];
        Assert.Equal(Errno.None, rig.Get(bitmap));
        Assert.Equal(3, bitmap[1]);
        Assert.Equal(Errno.None, rig.Clear(bitmap));
        Assert.Equal(Errno.None, rig.Get(bitmap));
        Assert.Equal(-1, bitmap.AsSpan().IndexOfAnyExcept((byte)0));

        // Between the fetch and the clear: what the clear is told to take is taken, all else stays.
        rig.Machine.WriteAsDevice(8 << 12, [1]);
        Assert.Equal(Errno.None, rig.Get(bitmap));
        rig.Machine.WriteAsDevice(10 << 12, [1]);
        Assert.Equal(Errno.None, rig.Clear(bitmap));
        Assert.Equal(Errno.None, rig.Get(bitmap));
        Assert.Equal(4, bitmap[1]);
    }
}
