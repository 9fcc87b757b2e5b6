using System.Diagnostics;
using RingKit.Cli.Replay;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.DirtyLogging.Adaptive;
using RingKit.Memory;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.RealGuests;

/// <summary>Runs a real guest for some time, and harvests its log again and again.</summary>
internal sealed class KvmRun(KvmRunSettings settings)
{
    // What is in a page that nobody has written: no store leaves it.
    private const ulong Untouched = 0x5555_5555_5555_5555;

    /// <summary>Called when the guest has its programs, before it runs.</summary>
    public Action<KvmGuest>? Prepared { get; init; }

    /// <summary>Runs it.</summary>
    /// <param name="progress">Called after each harvest, with the part of the time that has passed and what the harvest found.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Commands.CommandException">This machine or this process lacks what it needs; the message says what.</exception>
    /// <exception cref="GuestFailedException">The guest did what it should not, or the kernel refused something.</exception>
    /// <exception cref="LogsDisagreeException">A page was written and in no harvest.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public KvmRunReport Run(Action<double, KvmInterval>? progress, CancellationToken cancellation)
    {
        using var memory = new GuestMemory();
        MemorySlot slot = memory.AddSlot(id: 0, baseGfn: 0, StoringGuest.PagesFor(settings.Pages));
        int first = StoringGuest.FirstPageOf(slot.Memory.Length);
        Fill(slot, first);
        KvmGuestOptions options = settings.Log.RealOptions(settings.Vcpus, settings.RingEntries, new KvmFormRule()) with { DevicePath = settings.DevicePath };
        using StoringGuest guest = StoringGuest.Create(memory, options, vcpu => StoringGuest.ShareOf(settings.Pattern, first, settings.Pages, vcpu, settings.Vcpus));
        try
        {
            Prepared?.Invoke(guest.Guest);
            return Run(guest, slot, first, progress, cancellation);
        }
        catch (Exception e) when (GuestFailedException.Explains(e))
        {
            throw GuestFailedException.Of(e);
        }
    }

    private KvmRunReport Run(StoringGuest guest, MemorySlot slot, int first, Action<double, KvmInterval>? progress, CancellationToken cancellation)
    {
        KvmDirtyLog log = guest.Guest.Log;
        var seen = new SeenPages(slot.PageCount);
        var intervals = new List<KvmInterval>();
        log.Start();
        (DirtyLogStatistics cost, long full) = (log.Statistics, log.ServedRings);
        long start = Stopwatch.GetTimestamp(), last = start;
        guest.Threads.Start();
        for (TimeSpan passed = TimeSpan.Zero; passed < settings.Time; passed = Stopwatch.GetElapsedTime(start))
        {
            TimeSpan left = settings.Time - passed;
            guest.Threads.AwaitEnd(left < settings.Interval ? left : settings.Interval);
            cancellation.ThrowIfCancellationRequested();
            Harvest();
            progress?.Invoke(Math.Min(1, Stopwatch.GetElapsedTime(start) / settings.Time), intervals[^1]);
        }

        guest.Halt();
        Harvest();
        return new KvmRunReport(settings, intervals, guest.Stores, seen.Total, Check(slot, first, seen)) { Moves = settings.Log.IsRealAndMoves ? log.Moves : null };

        void Harvest()
        {
            var sink = new SeenPages.Sink(seen);
            log.Harvest(ref sink);
            long now = Stopwatch.GetTimestamp();
            DirtyLogStatistics costNow = log.Statistics, spent = costNow - cost;
            long fullNow = log.ServedRings;
            intervals.Add(new KvmInterval(Stopwatch.GetElapsedTime(last, now), seen.Take(), spent.Entries, fullNow - full, spent.HarvestTime));
            (last, cost, full) = (now, costNow, fullNow);
        }
    }

    private static void Fill(MemorySlot slot, int first)
    {
        NativeView<ulong> words = slot.Memory.Cast<ulong>();
        for (ulong page = (ulong)first; page < slot.PageCount; page++)
            words[(nuint)(page << (GuestPage.Shift - 3))] = Untouched;
    }

    // Nothing is lost: whatever has changed was reported.
    private static long Check(MemorySlot slot, int first, SeenPages seen)
    {
        NativeView<ulong> words = slot.Memory.Cast<ulong>();
        long written = 0;
        for (ulong page = (ulong)first; page < slot.PageCount; page++)
        {
            if (words[(nuint)(page << (GuestPage.Shift - 3))] == Untouched)
                continue;
            written++;
            if (!seen.Has(page))
                throw new LogsDisagreeException($"the kernel's log misses a page that the guest has written: guest frame {page}");
        }

        return written;
    }
}
