using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Running;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>The log of a real guest in all its forms: as the interface of all logs promises.</summary>
public sealed class KvmDirtyLogTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static TheoryData<KvmLogForm> Forms => [KvmLogForm.Ring, KvmLogForm.Bitmap, KvmLogForm.Manual, KvmLogForm.InitiallySet];

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_page_is_in_the_harvest_after_it_was_written(KvmLogForm form)
    {
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = LoggedGuest.Started(memory, form);
        Assert.Equal(KvmDirtyLog.NameOf(form), guest.Log.Name);
        Assert.Empty(PageSet.HarvestOf(guest.Log));
        Assert.Equal(LoggedGuest.Stored(guest, 16, 30), PageSet.HarvestOf(guest.Log));
        Assert.Empty(PageSet.HarvestOf(guest.Log));

        // Protected again: the same pages come again, and others beside them.
        Assert.Equal(LoggedGuest.Stored(guest, 20, 50, stride: 2), PageSet.HarvestOf(guest.Log));
        Assert.Equal(LoggedGuest.Stored(guest, 16, 30), PageSet.HarvestOf(guest.Log));
        DirtyLogStatistics statistics = guest.Log.Statistics;
        Assert.True(statistics.Entries >= 110, $"{statistics}");
        Assert.True(statistics.ResetCalls >= 3, $"{statistics}");
        Assert.Equal(0UL, statistics.RefusedPages);
        Assert.True(statistics.BytesTouched > 0 && guest.Log.BookkeepingBytes > 0, $"{statistics}");
    }

    [Fact]
    public void All_pages_are_dirty_at_first_where_they_are_initially_set()
    {
        Kernel.Need(KvmLogForm.InitiallySet);
        using GuestMemory memory = RealModeGuests.Memory(pages: 200);
        using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { Form = KvmLogForm.InitiallySet });
        guest.Log.Start();
        Assert.Equal(PageSet.Expected(0, 200), PageSet.HarvestOf(guest.Log));
        Assert.Empty(PageSet.HarvestOf(guest.Log));
        Assert.Equal(LoggedGuest.Stored(guest, 100, 10), PageSet.HarvestOf(guest.Log));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void What_was_written_while_the_log_was_off_is_in_no_harvest(KvmLogForm form)
    {
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = LoggedGuest.Started(memory, form);
        LoggedGuest.Stored(guest, 16, 30);
        guest.Log.Stop();
        Assert.False(memory.Slots[0].LogsDirtyPages);
        LoggedGuest.Stored(guest, 50, 10);
        Assert.Empty(PageSet.HarvestOf(guest.Log));
        guest.Log.Start();
        if (form == KvmLogForm.InitiallySet)
            guest.Log.Clear();
        Assert.Empty(PageSet.HarvestOf(guest.Log));
        Assert.Equal(LoggedGuest.Stored(guest, 70, 10), PageSet.HarvestOf(guest.Log));
        LoggedGuest.Stored(guest, 90, 10);
        guest.Log.Clear();
        Assert.Empty(PageSet.HarvestOf(guest.Log));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Pages_that_a_sink_did_not_take_are_in_the_next_harvest(KvmLogForm form)
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 128);
        memory.AddSlot(3, 128, 128);
        using KvmGuest guest = LoggedGuest.Started(memory, form);
        LoggedGuest.Stored(guest, 20, 100, stride: 2);
        SortedSet<(uint Slot, ulong Page)> expected = [.. PageSet.Expected(20, 54, 2), .. PageSet.Expected(0, 46, 2, slot: 3)];
        var throwing = new ThrowingSink(new PageSet(), calls: 2);
        Assert.Throws<NotSupportedException>(() => guest.Log.Harvest(ref throwing));
        Assert.NotEmpty(throwing.Taken.Pages);
        if (form == KvmLogForm.Ring)
        {
            // And all that was taken was given back.
            Assert.Equal(Errno.None, guest.Kvm.ResetDirtyRings(out int left));
            Assert.Equal(0, left);
        }

        SortedSet<(uint Slot, ulong Page)> rest = PageSet.HarvestOf(guest.Log);
        Assert.False(rest.Overlaps(throwing.Taken.Pages));
        rest.UnionWith(throwing.Taken.Pages);
        Assert.Equal(expected, rest);

        // What it took is protected all the same.
        LoggedGuest.Stored(guest, 20, 100, stride: 2);
        Assert.Equal(expected, PageSet.HarvestOf(guest.Log));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_harvest_in_two_phases_gives_back_what_was_not_confirmed(KvmLogForm form)
    {
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = LoggedGuest.Started(memory, form);
        LoggedGuest.Stored(guest, 16, 30);
        using (DirtyHarvest harvest = guest.Log.Take())
        {
            Assert.Equal(30UL, harvest.PageCount);
            Assert.Equal(10UL, harvest.Confirm(memory.Slots[0], 16, 0x3FF));
            LoggedGuest.Stored(guest, 40, 10);
        }

        Assert.Equal(PageSet.Expected(26, 24), PageSet.HarvestOf(guest.Log));
        guest.Log.PutBack(memory.Slots[0], 60, 5);
        Assert.Equal([(0u, 60UL), (0u, 62UL)], PageSet.HarvestOf(guest.Log));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void What_devices_and_the_host_write_is_in_the_harvest_too(KvmLogForm form)
    {
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = LoggedGuest.Started(memory, form);
        Assert.Equal(Errno.None, guest.Machine.WriteAsDevice((120 * GuestPage.Size) - 2, [1, 2, 3, 4]));
        Assert.Equal(Errno.None, guest.Machine.WriteAsHost(130 * GuestPage.Size, [1]));
        IEnumerable<(uint Slot, ulong Page)> stored = LoggedGuest.Stored(guest, 16, 3);
        Assert.Equal([.. stored, (0u, 119UL), (0u, 120UL), (0u, 130UL)], PageSet.HarvestOf(guest.Log));
        Assert.Empty(PageSet.HarvestOf(guest.Log));
        Assert.Equal((2UL, 1UL), (guest.Log.Statistics.DevicePages, guest.Log.Statistics.HostPages));
        Assert.False(guest.Log.CanRecord(guest.Machine.Vcpus[0]));
        Assert.Throws<InvalidOperationException>(() => guest.Log.Record(guest.Machine.Vcpus[0], memory.Slots[0], 0));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Harvests_of_a_guest_that_runs_miss_no_store(KvmLogForm form)
    {
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = LoggedGuest.Started(memory, form);
        NativeView<byte> bytes = memory.Slots[0].Memory;
        RealModeGuests.Loop(guest.Vcpus[0], bytes);
        using var threads = new KvmVcpuThreads<UntilHalted>(guest);
        threads.Start();

        // The guest counts in one page: what is there when a harvest has returned is what was there, or a later count, which the next harvest has to announce.
        ref ushort counter = ref bytes.Slice((nuint)(RealModeGuests.LoopPage * GuestPage.Size), 2).Cast<ushort>()[0];
        ushort copied = 0;
        for (int i = 0; i < 200; i++)
        {
            bool isDirty = PageSet.HarvestOf(guest.Log).Contains((0, RealModeGuests.LoopPage));
            ushort now = Volatile.Read(ref counter);
            if (isDirty)
                copied = now;
        }

        RealModeGuests.Stop(bytes);
        Assert.True(threads.AwaitEnd(Patience));
        threads.Stop();
        ushort last = Volatile.Read(ref counter);
        if (PageSet.HarvestOf(guest.Log).Contains((0, RealModeGuests.LoopPage)))
            copied = last;
        Assert.Equal(last, copied);
        Assert.True(last > 0);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_slot_that_goes_takes_its_log_with_it_and_no_others(KvmLogForm form)
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 128);
        memory.AddSlot(1, 128, 64);
        memory.AddSlot(2, 192, 64);
        using KvmGuest guest = LoggedGuest.Started(memory, form);
        LoggedGuest.Stored(guest, 100, 120);
        Assert.Equal(Errno.None, guest.Kvm.DeleteMemoryRegion(1));
        SortedSet<(uint Slot, ulong Page)> pages = PageSet.HarvestOf(guest.Log);
        Assert.Equal([.. PageSet.Expected(100, 28), .. PageSet.Expected(0, 28, slot: 2)], pages.Where(page => page.Slot != 1));
        Assert.Equal(form == KvmLogForm.Ring ? 64 : 0, pages.Count(page => page.Slot == 1));
        guest.Log.Stop();
        guest.Log.Start();
        if (form == KvmLogForm.InitiallySet)
            guest.Log.Clear();
        Assert.Empty(PageSet.HarvestOf(guest.Log));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_log_whose_kernels_machine_has_ended_ends_too(KvmLogForm form)
    {
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest guest = LoggedGuest.Started(memory, form);
        LoggedGuest.Stored(guest, 16, 3);
        guest.Kvm.Dispose();
        Assert.Throws<ObjectDisposedException>(() => PageSet.HarvestOf(guest.Log));
        guest.Log.Stop();
        guest.Log.Dispose();
        Assert.Null(guest.Machine.DirtyLog);
    }

    [Fact]
    public void Forms_and_machines_must_fit()
    {
        Kernel.Need();
        using GuestMemory memory = RealModeGuests.Memory();
        using KvmGuest rings = KvmGuest.Create(memory, new KvmGuestOptions { Vcpus = 2 });
        using KvmGuest bitmaps = KvmGuest.Create(memory, new KvmGuestOptions { Form = KvmLogForm.Bitmap });
        using var machine = new VirtualMachine(memory);
        Assert.Throws<ArgumentException>(() => new KvmDirtyLog(machine, rings.Kvm, KvmLogForm.Ring));
        Assert.Throws<ArgumentException>(() => new KvmDirtyLog(machine, bitmaps.Kvm, KvmLogForm.Ring));
        Assert.Throws<ArgumentNullException>(() => new KvmDirtyLog(machine, null!, KvmLogForm.Ring));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvmDirtyLog(machine, bitmaps.Kvm, (KvmLogForm)7));
        Assert.Throws<InvalidOperationException>(() => new KvmDirtyLog(bitmaps.Machine, bitmaps.Kvm, KvmLogForm.Bitmap));
        Assert.Null(machine.DirtyLog);
        Assert.Throws<ObjectDisposedException>(() =>
        {
            rings.Dispose();
            rings.Log.ServeFullRing(rings.Machine.Vcpus[0]);
        });
    }

    private readonly struct ThrowingSink(PageSet taken, int calls) : IDirtyPageSink
    {
        private readonly int[] _left = [calls];

        public PageSet Taken => taken;

        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
            if (_left[0]-- == 0)
                throw new NotSupportedException();
            taken.Accept(slot, baseOffset, mask);
        }
    }
}
