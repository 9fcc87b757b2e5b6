using System.Diagnostics;
using RingKit.Cli.Harvest;
using RingKit.Cli.Harvest.Guests;
using RingKit.Cli.Machines;
using RingKit.Kvm;
using RingKit.Kvm.DirtyLogging.Adaptive;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Adaptive;

namespace RingKit.Cli.RealGuests;

/// <summary>A guest on the kernel's KVM that stores once to each of some pages, round after round.</summary>
internal sealed class RealLoggedGuest : ILoggedGuest
{
    // A cell is what a log costs where each round is like the last one for long: one that moves is to have moved, if it is worth it, in the rounds before.
    private static readonly TimeSpan Patience = TimeSpan.FromMicroseconds(20);

    private readonly ListGuest _guest;
    private readonly uint[][] _lists;
    private readonly HarvestedPages _harvested;
    private readonly CancellationToken _cancellation;

    /// <param name="log">How the kernel tells what is written.</param>
    /// <param name="guestPages">The pages of the slot that is stored to.</param>
    /// <param name="settings">How it is made.</param>
    /// <param name="pages">The pages that it stores to in each round, which the vCPUs share.</param>
    /// <param name="harvested">Expects these.</param>
    /// <param name="cancellation">Ends a round.</param>
    /// <exception cref="Commands.CommandException">There is no KVM here.</exception>
    /// <exception cref="GuestFailedException">The kernel refuses something.</exception>
    public RealLoggedGuest(LogChoice log, ulong guestPages, MachineSettings settings, uint[] pages, HarvestedPages harvested, CancellationToken cancellation)
    {
        (_harvested, _cancellation) = (harvested, cancellation);
        _lists = [.. Enumerable.Range(0, settings.Vcpus).Select(vcpu => ListOf(pages, vcpu, settings.Vcpus))];
        _guest = new ListGuest(
            log.RealOptions(settings.Vcpus, settings.RingEntries, new KvmFormRule { MoveCost = Patience }), guestPages, [.. _lists.Select(list => list.Length)]);
    }

    public ulong BookkeepingBytes => _guest.Log.BookkeepingBytes;

    public DirtyLogForm? Form => null;

    public CellCosts Round()
    {
        try
        {
            return StoreAndHarvest();
        }
        catch (Exception e) when (GuestFailedException.Explains(e))
        {
            throw GuestFailedException.Of(e);
        }
    }

    public CellCosts RoundBefore() => Round();

    public double? RoundWithoutProtection() => null;

    public void Dispose() => _guest.Dispose();

    private CellCosts StoreAndHarvest()
    {
        _harvested.Begin();
        DirtyLogStatistics before = _guest.Log.Statistics;
        Share[] shares = [.. _guest.Vcpus.Where(vcpu => _lists[vcpu.Id].Length != 0).Select(Load)];
        using (_cancellation.Register(FetchOut))
        {
            Thread[] others = [.. shares.Skip(1).Select(share => new Thread(share.Run))];
            foreach (Thread thread in others)
                thread.Start();
            if (shares.Length != 0)
                shares[0].Run();
            foreach (Thread thread in others)
                thread.Join();
        }

        _cancellation.ThrowIfCancellationRequested();
        if (shares.FirstOrDefault(share => share.Failure is not null) is { Failure: { } failure })
            throw new KvmException(failure.Message, failure);
        var sink = new HarvestedPages.Sink(_harvested);
        long start = Stopwatch.GetTimestamp();
        _guest.Harvest(ref sink);
        double last = Clock.Microseconds(start, Stopwatch.GetTimestamp());
        DirtyLogStatistics cost = _guest.Log.Statistics - before;
        _harvested.Check($"real guest's {_guest.Log.Name}");
        double stall = shares.Sum(share => share.Stall);
        return new CellCosts(
            shares.Sum(share => share.Time), stall, stall + last, cost.Faults, shares.Sum(share => share.FullExits), cost.Entries, cost.ResetCalls, cost.Invalidations, cost.BytesTouched);
    }

    private Share Load(KvmVcpu vcpu)
    {
        _guest.Load(vcpu, _lists[vcpu.Id]);
        return new Share(vcpu, _guest, new HarvestedPages.Sink(_harvested), _cancellation);
    }

    private void FetchOut()
    {
        foreach (KvmVcpu vcpu in _guest.Vcpus)
            vcpu.RequestExit();
    }

    private static uint[] ListOf(uint[] pages, int vcpu, int vcpus)
    {
        return pages[Part(vcpu)..Part(vcpu + 1)];

        int Part(int number) => (int)((long)pages.Length * number / vcpus);
    }

    /// <summary>One vCPU's part of a round. For a full ring it does what QEMU's vCPU threads do: it harvests, itself, and goes on.</summary>
    private sealed class Share(KvmVcpu vcpu, ListGuest guest, HarvestedPages.Sink sink, CancellationToken cancellation)
    {
        private HarvestedPages.Sink _sink = sink;

        public double Time { get; private set; }

        public double Stall { get; private set; }

        public int FullExits { get; private set; }

        public Exception? Failure { get; private set; }

        public void Run()
        {
            try
            {
                RunToEnd();
            }
            catch (Exception e)
            {
                Failure = e;
            }
        }

        private void RunToEnd()
        {
            long start = Stopwatch.GetTimestamp();
            while (!cancellation.IsCancellationRequested)
            {
                KvmExit exit = vcpu.Run();
                long left = Stopwatch.GetTimestamp();
                Time += Clock.Microseconds(start, left);
                start = left;
                if (ListGuest.HasHalted(vcpu, exit))
                    return;
                if (exit.Reason != KvmExitReason.DirtyRingFull)
                    continue;

                FullExits++;
                guest.Harvest(ref _sink);
                start = Stopwatch.GetTimestamp();
                Stall += Clock.Microseconds(left, start);
            }
        }
    }
}
