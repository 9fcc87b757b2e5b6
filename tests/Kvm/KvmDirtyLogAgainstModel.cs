using FsCheck;
using FsCheck.Fluent;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.DirtyLogging.Adaptive;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.Guest;
using RingKit.Properties;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>Random slots, stores of two vCPUs and calls of the log, beside a set of pages.</summary>
public sealed class KvmDirtyLogAgainstModel
{
    private const int FirstPage = 16;
    private const int EndPage = 256;

    private static Gen<(int[] Cuts, (int Kind, int[] Pages)[] Steps)> Scripts
    {
        get
        {
            Gen<int[]> pages = Gen.ArrayOf(Gen.Choose(FirstPage, EndPage - 1));
            Gen<(int Kind, int[] Pages)[]> steps = Gen.ArrayOf(Gen.Zip(Gen.Choose(0, 9), Gen.Resize(pages, 30)));
            return Gen.Zip(Gen.Resize(pages, 6), Gen.Resize(steps, 16));
        }
    }

    [Theory]
    [InlineData(KvmLogForm.Ring)]
    [InlineData(KvmLogForm.Bitmap)]
    [InlineData(KvmLogForm.Manual)]
    [InlineData(KvmLogForm.InitiallySet)]
    public void Every_page_is_harvested_once_after_it_was_written(KvmLogForm form)
    {
        Kernel.Need(form);
        Props.Check(
            Prop.ForAll(Arb.From(Scripts), script => Agree(form, script.Cuts, script.Steps)),
            $"{nameof(Every_page_is_harvested_once_after_it_was_written)}({form})",
            maxTest: LongRun.IsOn ? 5000 : 60);
    }

    [Fact]
    public void So_it_is_where_the_guest_moves_at_every_harvest()
    {
        Kernel.Need(KvmLogForm.InitiallySet);
        Props.Check(
            Prop.ForAll(Arb.From(Scripts), script => Agree(KvmLogForm.Ring, script.Cuts, script.Steps, new RestlessRule())),
            nameof(So_it_is_where_the_guest_moves_at_every_harvest),
            maxTest: LongRun.IsOn ? 2000 : 25);
    }

    private static void Agree(KvmLogForm form, int[] cuts, (int Kind, int[] Pages)[] steps, IKvmFormRule? rule = null)
    {
        using GuestMemory memory = WithSlots(cuts);
        using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { Vcpus = 2, Form = form, RingEntries = 8192, Rule = rule });
        var dirty = new SortedSet<(uint Slot, ulong Page)>();
        Start(guest);
        foreach ((int kind, int[] pages) in steps)
        {
            int[] present = [.. pages.Where(page => memory.FindByGfn((ulong)page) is not null)];
            switch (kind)
            {
                case < 5:
                    Store(guest, kind % 2, present);
                    dirty.UnionWith(PagesOf(memory, present));
                    break;
                case 5:
                    foreach (int page in present)
                        Assert.Equal(Errno.None, guest.Machine.WriteAsDevice(((ulong)page * GuestPage.Size) + 100, [1]));
                    dirty.UnionWith(PagesOf(memory, present));
                    break;
                case 6:
                    guest.Log.Stop();
                    Store(guest, 1, present);
                    Start(guest);
                    dirty.Clear();
                    break;
                case 7:
                    TakeSome(guest, dirty, present);
                    break;
                default:
                    Assert.Equal(dirty, PageSet.HarvestOf(guest.Log));
                    dirty.Clear();
                    break;
            }
        }

        Assert.Equal(dirty, PageSet.HarvestOf(guest.Log));
        Assert.Equal(0UL, guest.Log.Statistics.RefusedPages);
    }

    // The slot of the programs, and then slots and holes by turns.
    private static GuestMemory WithSlots(int[] cuts)
    {
        var memory = new GuestMemory();
        memory.AddSlot(7, 0, FirstPage);
        int[] ends = [.. cuts.Append(EndPage).Distinct().Order()];
        int start = FirstPage;
        for (int i = 0; i < ends.Length; start = ends[i++])
        {
            if (ends[i] > start && (i % 3 != 1 || i == ends.Length - 1))
                memory.AddSlot((ushort)(100 - (9 * i)), (ulong)start, (ulong)(ends[i] - start));
        }

        return memory;
    }

    private static void Start(KvmGuest guest)
    {
        KvmLogForm form = guest.Log.Form;
        guest.Log.Start();
        if (form == KvmLogForm.InitiallySet)
            guest.Log.Clear();
    }

    private static void Store(KvmGuest guest, int vcpu, int[] pages)
    {
        NativeView<byte> programs = guest.Machine.Memory.Slots[0].Memory;
        RealModeGuests.StoreTo(guest.Vcpus[vcpu], programs, pages);
        KvmExit exit = guest.Vcpus[vcpu].Run();
        Assert.True(exit.Reason == KvmExitReason.Halted, $"{exit}\n{guest.Vcpus[vcpu].DumpRegisters()}");
    }

    // A transfer that succeeds for some pages.
    private static void TakeSome(KvmGuest guest, SortedSet<(uint Slot, ulong Page)> dirty, int[] sent)
    {
        using DirtyHarvest harvest = guest.Log.Take();
        Assert.Equal((ulong)dirty.Count, harvest.PageCount);
        foreach ((uint slot, ulong page) in PagesOf(guest.Machine.Memory, sent))
            Assert.Equal(dirty.Remove((slot, page)) ? 1UL : 0, harvest.Confirm(guest.Machine.Memory.FindById(slot)!, page, 1));
    }

    private static IEnumerable<(uint Slot, ulong Page)> PagesOf(GuestMemory memory, int[] pages) => pages.Select(page =>
    {
        MemorySlot slot = memory.FindByGfn((ulong)page)!;
        return (slot.Id, (ulong)page - slot.BaseGfn);
    });
}
