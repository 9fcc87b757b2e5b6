using System.Diagnostics;
using RingKit.Cli.Commands;
using RingKit.Cli.Harvest;
using RingKit.Cli.Harvest.Guests;
using RingKit.Cli.Machines;
using RingKit.Kvm;
using RingKit.Kvm.DirtyLogging;
using RingKit.Kvm.DirtyLogging.Adaptive;
using RingKit.Kvm.Guests;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Adaptive;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.RealGuests;

/// <summary>A guest on the kernel's KVM that stores once to each of some pages, round after round. Its program and the lists of pages are in a slot of their own.</summary>
internal sealed class RealLoggedGuest : ILoggedGuest
{
    private const ushort ProgramSlot = 0;
    private const ushort StoredSlot = 1;

    // Behind what a PC keeps below 4 GiB.
    private const ulong StoredGfn = 1 << 20;

    private const string Name = "real guest";

    // A cell is what a log costs where each round is like the last one for long: one that moves is to have moved, if it is worth it, in the rounds before.
    private static readonly TimeSpan Patience = TimeSpan.FromMicroseconds(20);

    private readonly GuestMemory _memory = new();
    private readonly KvmGuest _guest;
    private readonly ulong[][] _lists;
    private readonly int[] _addresses;
    private readonly ulong _mappedBytes;
    private readonly HarvestedPages _harvested;
    private readonly CancellationToken _cancellation;

    /// <param name="log">How the kernel tells what is written.</param>
    /// <param name="guestPages">The pages of the slot that is stored to.</param>
    /// <param name="settings">How it is made.</param>
    /// <param name="pages">The pages that it stores to in each round, which the vCPUs share.</param>
    /// <param name="harvested">Expects these.</param>
    /// <param name="cancellation">Ends a round.</param>
    /// <exception cref="CommandException">There is no KVM here.</exception>
    /// <exception cref="GuestFailedException">The kernel refuses something.</exception>
    public RealLoggedGuest(LogChoice log, ulong guestPages, MachineSettings settings, uint[] pages, HarvestedPages harvested, CancellationToken cancellation)
    {
        (_harvested, _cancellation) = (harvested, cancellation);
        KvmGuestOptions options = log.RealOptions(settings.Vcpus, settings.RingEntries, new KvmFormRule { MoveCost = Patience });
        if (KvmGuest.WhyNot(options.Form, options.DevicePath) is { } missing)
            throw new CommandException($"no real guest can run here: {missing}");
        _mappedBytes = (StoredGfn + guestPages) << GuestPage.Shift;
        _lists = [.. Enumerable.Range(0, settings.Vcpus).Select(vcpu => ListOf(pages, vcpu, settings.Vcpus))];
        int end = GuestProgram.FirstFreePage(GuestMode.Long, _mappedBytes) << GuestPage.Shift;
        _addresses = [.. _lists.Select(list => (end += list.Length * sizeof(ulong)) - (list.Length * sizeof(ulong)))];
        _memory.AddSlot(ProgramSlot, 0, ((ulong)end >> GuestPage.Shift) + 1);
        _memory.AddSlot(StoredSlot, StoredGfn, guestPages);
        try
        {
            _guest = KvmGuest.Create(_memory, options);
            _guest.Log.Start();
            if (options.Form == KvmLogForm.InitiallySet)
                _guest.Log.Clear();
        }
        catch (KvmException e)
        {
            Dispose();
            throw GuestFailedException.Of(e);
        }
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

    public void Dispose()
    {
        _guest?.Dispose();
        _memory.Dispose();
    }

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
        var sink = new Sink(_harvested);
        long start = Stopwatch.GetTimestamp();
        _guest.Log.Harvest(ref sink);
        double last = Clock.Microseconds(start, Stopwatch.GetTimestamp());
        DirtyLogStatistics cost = _guest.Log.Statistics - before;
        _harvested.Check($"{Name}'s {_guest.Log.Name}");
        double stall = shares.Sum(share => share.Stall);
        return new CellCosts(
            shares.Sum(share => share.Time), stall, stall + last, cost.Faults, shares.Sum(share => share.FullExits), cost.Entries, cost.ResetCalls, cost.Invalidations, cost.BytesTouched);
    }

    private Share Load(KvmVcpu vcpu)
    {
        int number = (int)vcpu.Id;
        Errno error = GuestProgram.LoadList(vcpu, _memory.Slots[0].Memory, GuestMode.Long, _mappedBytes, _addresses[number], _lists[number]);
        return error == Errno.None
            ? new Share(vcpu, _guest.Log, new Sink(_harvested), _cancellation)
            : throw new KvmException($"The registers of vCPU {number}", error);
    }

    private void FetchOut()
    {
        foreach (KvmVcpu vcpu in _guest.Vcpus)
            vcpu.RequestExit();
    }

    private static ulong[] ListOf(uint[] pages, int vcpu, int vcpus)
    {
        int begin = Part(vcpu);
        return [.. pages.AsSpan(begin, Part(vcpu + 1) - begin).ToArray().Select(page => StoredGfn + page)];

        int Part(int number) => (int)((long)pages.Length * number / vcpus);
    }

    /// <summary>Notes pages of the slot that is stored to: the page tables, which the processor marks, are in the other.</summary>
    private readonly struct Sink(HarvestedPages pages) : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
            if (slot.Id == StoredSlot)
                pages.Add(baseOffset, mask);
        }
    }

    /// <summary>One vCPU's part of a round. For a full ring it does what QEMU's vCPU threads do: it harvests, itself, and goes on.</summary>
    private sealed class Share(KvmVcpu vcpu, KvmDirtyLog log, Sink sink, CancellationToken cancellation)
    {
        private Sink _sink = sink;

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
                if (exit.Reason == KvmExitReason.Halted)
                    return;
                if (exit.Reason == KvmExitReason.Interrupted)
                    continue;
                if (exit.Reason != KvmExitReason.DirtyRingFull)
                    throw new KvmException($"vCPU {vcpu.Id} left the guest unexpectedly: {exit}\n{vcpu.DumpRegisters()}");

                FullExits++;
                log.Harvest(ref _sink);
                start = Stopwatch.GetTimestamp();
                Stall += Clock.Microseconds(left, start);
            }
        }
    }
}
