using System.Diagnostics;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Tests.Support;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>Slots that are deleted from the kernel's machine, and made again, in the middle of a harvest.</summary>
public sealed class SlotsUnderHarvestTests
{
    private const uint Slot = 1;
    private const ulong FirstPage = 128;
    private const int Pages = 64;

    public static TheoryData<KvmLogForm> Forms => KvmDirtyLogTests.Forms;

    // Between a fetch and its clear, or between the entries and their reset.
    [Theory]
    [MemberData(nameof(Forms))]
    public void A_slot_that_is_deleted_in_a_harvest_costs_its_own_pages_at_most(KvmLogForm form)
    {
        using GuestMemory memory = Memory();
        using KvmGuest guest = LoggedGuest.Started(memory, form);
        foreach (uint victim in (uint[])[Slot, 2])
        {
            LoggedGuest.Stored(guest, 100, 120);
            var sink = new DeletingSink(guest.Kvm, victim, new PageSet());
            guest.Log.Harvest(ref sink);
            SortedSet<(uint Slot, ulong Page)> pages = sink.Taken.Pages;
            IEnumerable<(uint, ulong)> others = victim == Slot ? PageSet.Expected(0, 28, slot: 2) : PageSet.Expected(0, Pages, slot: Slot);
            Assert.Equal(PageSet.Expected(100, 28).Concat(others), pages.Where(page => page.Slot != victim));
            if (form == KvmLogForm.Ring)
                Assert.Equal(120, pages.Count);

            // Nothing is left of the harvest, and the slot is logged again when it is there again.
            Assert.Empty(PageSet.HarvestOf(guest.Log));
            Assert.Equal(Errno.None, MakeAgain(guest, victim));
            if (form == KvmLogForm.InitiallySet)
                guest.Log.Clear();
            LoggedGuest.Stored(guest, 100, 120);
            Assert.Equal(120, PageSet.HarvestOf(guest.Log).Count);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Slots_go_and_come_while_harvests_run(KvmLogForm form)
    {
        using GuestMemory memory = Memory();
        using KvmGuest guest = LoggedGuest.Started(memory, form);
        bool ends = false;
        int changes = 0, harvests = 0;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                for (; !Volatile.Read(ref ends); changes++)
                {
                    Assert.Equal(Errno.None, guest.Kvm.DeleteMemoryRegion(Slot));
                    Assert.Equal(Errno.None, MakeAgain(guest, Slot));
                }
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        try
        {
            for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(100) || harvests < 3; harvests++)
            {
                // Pages of the slot that stays, which no harvest may miss.
                LoggedGuest.Stored(guest, 100, 28);
                Assert.Equal(PageSet.Expected(100, 28), PageSet.HarvestOf(guest.Log).Where(page => page.Slot == 0));
            }
        }
        finally
        {
            Volatile.Write(ref ends, true);
            thread.Join();
        }

        Assert.Null(failure);
        Assert.True(changes > 0 && harvests > 0);
    }

    private static GuestMemory Memory()
    {
        var memory = new GuestMemory();
        memory.AddSlot(0, 0, FirstPage);
        memory.AddSlot((ushort)Slot, FirstPage, Pages);
        memory.AddSlot(2, FirstPage + Pages, Pages);
        return memory;
    }

    private static Errno MakeAgain(KvmGuest guest, uint id)
    {
        MemorySlot slot = guest.Machine.Memory.FindById(id)!;
        return guest.Kvm.SetMemoryRegion(id, KvmSlotTraits.LogDirtyPages, slot.BaseGfn << GuestPage.Shift, slot.Memory);
    }

    private readonly struct DeletingSink(KvmMachine kvm, uint victim, PageSet taken) : IDirtyPageSink
    {
        public PageSet Taken => taken;

        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
            Assert.Equal(taken.Pages.Count == 0 ? Errno.None : Errno.Invalid, kvm.DeleteMemoryRegion(victim));
            taken.Accept(slot, baseOffset, mask);
        }
    }
}
