using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Running;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>What a log of rings alone has: rings that are full, and entries of slots that nobody knows.</summary>
public sealed class KvmRingLogTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_full_ring_is_emptied_and_the_guest_goes_on()
    {
        // 1024 entries are the fewest everywhere; the guest stores slowly enough to stop in time under a KVM that emulates it.
        using GuestMemory memory = RealModeGuests.Memory(pages: 4096);
        using KvmGuest guest = LoggedGuest.Started(memory, KvmLogForm.Ring, ringEntries: 1024);
        NativeView<byte> bytes = memory.Slots[0].Memory;
        LongModeGuest.Store(guest.Vcpus[0], bytes, LongModeGuest.FirstPage, count: 3000);
        using var threads = new KvmVcpuThreads<UntilHalted>(guest);
        threads.Start();
        Assert.True(threads.AwaitEnd(Patience));
        threads.Stop();
        Assert.True(guest.Log.ServedRings >= 3, $"the ring was full {guest.Log.ServedRings} times");
        Assert.True(threads.StallTime > TimeSpan.Zero);
        Report.Line($"KvmDirtyLog: {guest.Log.ServedRings} full rings of 1024 entries, {threads.StallTime.TotalMilliseconds:f1} ms lost to them.");
        Assert.Equal(
            PageSet.Expected(LongModeGuest.FirstPage, 3000), PageSet.HarvestOf(guest.Log).Where(page => !LongModeGuest.IsTable(page.Page, bytes)));
        Assert.False(guest.Log.NeedsHarvest(guest.Machine.Vcpus[0]));
    }

    [Fact]
    public void A_vcpu_whose_ring_is_full_does_not_go_on_before_a_harvest()
    {
        using GuestMemory memory = RealModeGuests.Memory(pages: 4096);
        using KvmGuest guest = LoggedGuest.Started(memory, KvmLogForm.Ring, ringEntries: 1024);
        NativeView<byte> bytes = memory.Slots[0].Memory;
        KvmVcpu vcpu = guest.Vcpus[0];
        LongModeGuest.Store(vcpu, bytes, LongModeGuest.FirstPage, count: 1500);
        Assert.Equal(new KvmExit(KvmExitReason.DirtyRingFull, Errno.None), vcpu.Run());
        Assert.True(guest.Log.NeedsHarvest(guest.Machine.Vcpus[0]));
        Assert.Equal(KvmExitReason.DirtyRingFull, vcpu.Run().Reason);
        SortedSet<(uint Slot, ulong Page)> pages = PageSet.HarvestOf(guest.Log);
        Assert.False(guest.Log.NeedsHarvest(guest.Machine.Vcpus[0]));
        KvmExitReason reason;
        while ((reason = vcpu.Run().Reason) == KvmExitReason.DirtyRingFull)
            pages.UnionWith(PageSet.HarvestOf(guest.Log));
        Assert.Equal(KvmExitReason.Halted, reason);
        pages.UnionWith(PageSet.HarvestOf(guest.Log));
        Assert.Equal(PageSet.Expected(LongModeGuest.FirstPage, 1500), pages.Where(page => !LongModeGuest.IsTable(page.Page, bytes)));
    }

    [Fact]
    public void Entries_that_name_no_page_of_the_machine_are_counted_and_go_back()
    {
        using GuestMemory memory = RealModeGuests.Memory(pages: 128);
        using KvmGuest guest = LoggedGuest.Started(memory, KvmLogForm.Ring);
        using var block = new NativeBlock<byte>(128 * GuestPage.Size, GuestPage.Size);
        Assert.Equal(Errno.None, guest.Kvm.SetMemoryRegion(9, KvmSlotTraits.LogDirtyPages, 128 * GuestPage.Size, block.View));
        LoggedGuest.Stored(guest, 120, 20);
        Assert.Equal(PageSet.Expected(120, 8), PageSet.HarvestOf(guest.Log));
        Assert.Equal(12UL, guest.Log.Statistics.RefusedPages);
        Assert.Equal(Errno.None, guest.Kvm.ResetDirtyRings(out int left));
        Assert.Equal(0, left);
    }
}
