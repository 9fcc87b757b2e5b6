using System.Diagnostics;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.Guests;
using RingKit.Kvm.Running;
using RingKit.Kvm.Tests.Support;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration;
using RingKit.Properties.MigrationEquality;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Kvm.Tests;

/// <summary>
/// Guests in 64-bit mode are migrated while two vCPUs store: one to a hot set or anywhere, one counting in every page. At the end memory is equal.
/// </summary>
public sealed class GuestMigrationTests
{
    private const int Pages = 2048, FirstPage = 64, Half = (Pages - FirstPage) / 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(KvmLogForm.Ring, GuestPattern.HotSet)]
    [InlineData(KvmLogForm.Ring, GuestPattern.Random)]
    [InlineData(KvmLogForm.Bitmap, GuestPattern.HotSet)]
    [InlineData(KvmLogForm.Bitmap, GuestPattern.Random)]
    [InlineData(KvmLogForm.Ring, GuestPattern.Random, true)]
    public void Memory_of_a_guest_in_long_mode_is_equal_at_the_end(KvmLogForm form, GuestPattern pattern, bool moves = false)
    {
        Kernel.Need(form);
        using GuestMemory memory = NewMemory(), copy = NewMemory();
        using KvmGuest guest = KvmGuest.Create(memory, new KvmGuestOptions { Vcpus = 2, Form = form, RingEntries = 1024, Rule = moves ? new RestlessRule() : null });
        NativeView<byte> bytes = memory.Slots[0].Memory;
        var stores = new GuestStores { Pattern = pattern, FirstPage = FirstPage, PageCount = Half, HotPages = 20, Seed = 5 };
        Assert.Equal(Errno.None, GuestProgram.Load(guest.Vcpus[0], bytes, GuestMode.Long, stores));
        GuestStores counters = stores with { Pattern = GuestPattern.Counter, FirstPage = FirstPage + Half, Seed = 0 };
        Assert.Equal(Errno.None, GuestProgram.Load(guest.Vcpus[1], bytes, GuestMode.Long, counters));
        using var threads = new KvmVcpuThreads<UntilHalted>(guest);
        threads.Start();
        using var destination = new PipedDestination(copy, () => long.MaxValue);
        var options = new MigrationOptions
        {
            MaximumRounds = 8,
            DowntimeLimit = TimeSpan.Zero,
            BatchPages = 64,
            Progress = progress =>
            {
                // However busy the machine is: the guest stores while the first round is sent, or has filled a ring already.
                if (progress is { Round: 1, Completed: null })
                    AwaitStores(guest, memory);
            },
        };
        MigrationResult result = new PreCopyMigration(guest.Machine, guest.Log, threads, _ => destination.Connect(), options).Run();
        destination.AwaitEnd();
        Assert.Equal(MigrationOutcome.Completed, result.Outcome);
        MemoryDifference difference = MemoryVerifier.Compare(memory, copy);
        Assert.True(difference.IsEqual, difference.ToString());
        Assert.True(result.PagesSent > Pages, $"{result.PagesSent} pages: the guest stored nothing meanwhile");
        Assert.NotEqual(0ul, CounterOf(copy, counters.FirstPage));
        Assert.Equal(moves, guest.Log.Moves.Count > 1);
        Report.Line(
            $"GuestMigration, {guest.Log.Name}, {pattern}: {result.Rounds.Count} rounds, {result.PagesSent} pages, "
            + $"downtime {result.Downtime.TotalMilliseconds:f1} ms.");

        // The guest is paused, not over: it goes on, and what it stores then is no longer in the copy.
        ulong before = CounterOf(memory, FirstPage + Half);
        threads.Resume();
        GuestProgram.Stop(bytes);
        Assert.True(threads.AwaitEnd(Patience));
        threads.Stop();
        Assert.True(CounterOf(memory, FirstPage + Half) >= before);
    }

    private static void AwaitStores(KvmGuest guest, GuestMemory memory)
    {
        ulong before = SumOfCounters(memory);
        var clock = Stopwatch.StartNew();
        while (SumOfCounters(memory) == before && !guest.Vcpus[1].IsRingFull)
        {
            Assert.True(clock.Elapsed < Patience, "the guest does not count");
            Thread.Yield();
        }
    }

    private static ulong SumOfCounters(GuestMemory memory) =>
        Enumerable.Range(FirstPage + Half, Half).Aggregate(0UL, (sum, page) => sum + CounterOf(memory, page));

    private static ulong CounterOf(GuestMemory memory, int page) =>
        memory.Slots[0].Memory.Slice((nuint)page << GuestPage.Shift, sizeof(ulong)).Cast<ulong>()[0];

    private static GuestMemory NewMemory()
    {
        var memory = new GuestMemory();
        memory.AddSlot(0, 0, Pages);
        return memory;
    }
}
