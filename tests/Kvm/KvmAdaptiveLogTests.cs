using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.DirtyLogging.Adaptive;
using RingKit.Kvm.Guests;
using RingKit.Kvm.Running;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>A log that moves a guest while it runs loses nothing, and its own rule moves it where it should.</summary>
public sealed class KvmAdaptiveLogTests
{
    private const int Pages = 1024, FirstPage = 64, Harvests = 24;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void Copies_of_what_was_harvested_are_the_memory_of_a_guest_that_moves_at_every_harvest()
    {
        Kernel.Need();
        using var memory = new GuestMemory();
        NativeView<byte> bytes = memory.AddSlot(0, 0, Pages).Memory;
        using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { Vcpus = 2, RingEntries = 1024, Rule = new RestlessRule() });
        GuestStores[] stores =
        [
            new() { Pattern = GuestPattern.Random, FirstPage = FirstPage, PageCount = 400, Seed = 3 },
            new() { Pattern = GuestPattern.Counter, FirstPage = FirstPage + 400, PageCount = 300 },
        ];
        foreach (KvmVcpu vcpu in guest.Vcpus)
            Assert.Equal(Errno.None, GuestProgram.Load(vcpu, bytes, GuestMode.Long, stores[vcpu.Id]));
        byte[] copy = bytes.AsSpan().ToArray();
        guest.Log.Start();
        using var threads = new KvmVcpuThreads<UntilHalted>(guest);
        threads.Start();
        ulong pages = 0;
        for (int i = 0; i < Harvests; i++)
        {
            // Now and then with all vCPUs paused, as a migration ends; else they run, or fill their rings.
            if (i % 4 == 3)
                threads.Pause();
            Copy();
            threads.Resume();
        }

        GuestProgram.Stop(bytes);
        Assert.True(threads.AwaitEnd(Patience));
        threads.Stop();

        // The moves at the end of the last harvests have nothing to set aside any more.
        Copy();
        Copy();

        // But for the flag that ends the guest: it was the test that stored it.
        copy[GuestProgram.StopFlagAddress] = bytes[GuestProgram.StopFlagAddress];
        Assert.Equal(copy, bytes.AsSpan());
        Assert.True(pages > 100, $"{pages} pages");
        Assert.Equal((Harvests + 2UL, 0UL), (guest.Log.Moves.Count, guest.Log.Moves.Refused));
        Assert.Equal((KvmDirtyLog.AdaptiveName, 0UL), (guest.Log.Name, guest.Log.Statistics.RefusedPages));
        KvmMoves moves = guest.Log.Moves;
        Assert.InRange(moves.Standstill, TimeSpan.FromTicks(1), moves.Time);
        Report.Line($"KvmAdaptive: {moves.Count} moves of 2 vCPUs that run, {moves.Time.TotalMilliseconds / moves.Count:f2} ms each, {moves.Standstill.TotalMilliseconds / moves.Count:f2} of them without the guest; {pages} pages copied.");

        void Copy()
        {
            var sink = new CopyingSink(copy);
            guest.Log.Harvest(ref sink);
            pages += sink.Pages;
        }
    }

    [Fact]
    public void The_usual_rule_moves_a_busy_guest_to_bitmaps_and_a_quiet_one_back()
    {
        using GuestMemory memory = RealModeGuests.Memory();
        Kernel.Need(KvmLogForm.Manual);
        var rule = new KvmFormRule { MoveCost = TimeSpan.FromMicroseconds(20) };
        using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { Rule = rule });
        guest.Log.Start();
        for (int i = 0; i < 4; i++)
            AssertStores(count: 200);
        Assert.Equal((KvmLogForm.Manual, 1UL), (guest.Log.Form, guest.Log.Moves.Count));
        for (int i = 0; i < 20; i++)
            AssertStores(count: 1);
        Assert.Equal((KvmLogForm.Ring, 2UL), (guest.Log.Form, guest.Log.Moves.Count));

        void AssertStores(int count) => Assert.Equal(LoggedGuest.Stored(guest, 16, count), PageSet.HarvestOf(guest.Log));
    }

    [Fact]
    public void A_move_that_is_refused_is_counted_and_the_harvest_is_good()
    {
        using GuestMemory memory = RealModeGuests.Memory();
        Kernel.Need(KvmLogForm.Manual);
        var options = new KvmGuestOptions { Form = KvmLogForm.Manual, RingEntries = 1 << 17, Rule = new KvmFormRule { MoveCost = TimeSpan.Zero } };
        using KvmGuest guest = KvmGuest.Create(memory, options);
        guest.Log.Start();
        for (uint i = 1; i < 4; i++)
        {
            Assert.Equal(LoggedGuest.Stored(guest, 16, 3), PageSet.HarvestOf(guest.Log));
            Assert.Equal((KvmLogForm.Manual, 0UL, i), (guest.Log.Form, guest.Log.Moves.Count, guest.Log.Moves.Refused));
        }
    }

    [Fact]
    public void The_rule_never_loses_much_more_than_a_move_by_staying()
    {
        var moves = new TimeSpan[] { TimeSpan.Zero, TimeSpan.FromMicroseconds(500), TimeSpan.FromMilliseconds(2) };
        foreach (TimeSpan cost in moves)
        {
            // Rounds of which each takes the other form longer than the one that it is in: the worst that can come.
            var rule = new KvmFormRule { MoveCost = cost };
            (KvmLogForm form, double lost) = (KvmLogForm.Ring, 0);
            for (int i = 0; i < 1000; i++)
            {
                var round = new KvmFormRound(form == KvmLogForm.Ring ? 2000UL : 0, Slots: 2, SlotPages: 1 << 18);
                double difference = (round.Entries * KvmFormRule.NanosecondsPerEntry)
                    - (2 * KvmFormRule.NanosecondsPerSlot) - (round.SlotPages * KvmFormRule.NanosecondsPerSlotPage);
                lost += Math.Abs(difference);
                KvmLogForm next = rule.Choose(form, in round);
                Assert.Equal(lost > cost.TotalNanoseconds, next != form);
                (form, lost) = (next, next == form ? lost : 0);
            }
        }

        // Where both cost the same it stays.
        var equal = new KvmFormRound(100, Slots: 2, SlotPages: 0);
        foreach (KvmLogForm form in Enum.GetValues<KvmLogForm>())
            Assert.Equal(form, new KvmFormRule { MoveCost = TimeSpan.Zero }.Choose(form, in equal));
    }

    // Of a page that the guest stores to meanwhile the copy is torn, and comes again.
    private struct CopyingSink(byte[] copy) : IDirtyPageSink
    {
        public ulong Pages { get; private set; }

        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
            for (; mask != 0; mask &= mask - 1)
            {
                nuint page = (nuint)baseOffset + (nuint)ulong.TrailingZeroCount(mask);
                slot.Memory.Slice(page << GuestPage.Shift, GuestPage.Size).AsSpan().CopyTo(copy.AsSpan((int)page << GuestPage.Shift));
                Pages++;
            }
        }
    }
}
