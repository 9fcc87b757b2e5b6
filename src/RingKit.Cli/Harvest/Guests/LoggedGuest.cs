using System.Diagnostics;
using RingKit.Cli.Machines;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Adaptive;
using RingKit.Mmu.Guest;

namespace RingKit.Cli.Harvest.Guests;

/// <summary>A simulated guest with a log that is on.</summary>
internal sealed class LoggedGuest : ILoggedGuest
{
    // So many pages have a page of the host in a flat bitmap.
    private const ulong PagesPerHostPage = 32768;

    private readonly VirtualMachine _machine;
    private readonly string _name;
    private readonly IDirtyLog _log;
    private readonly IDirtyLog _attached;
    private readonly IRoundStores _stores;
    private readonly HarvestedPages _harvested;
    private readonly OtherMemory? _otherMemory;
    private readonly CancellationToken _cancellation;

    /// <param name="machine">A machine without a log.</param>
    /// <param name="choice">The log that it is given.</param>
    /// <param name="settings">How it is made.</param>
    /// <param name="stores">What the guest stores in a round.</param>
    /// <param name="harvested">Expects the pages that it stores to.</param>
    /// <param name="otherMemory">Is read before rounds that count, if there is any.</param>
    /// <param name="cancellation">Ends a round.</param>
    public LoggedGuest(
        VirtualMachine machine, LogChoice choice, MachineSettings settings, IRoundStores stores, HarvestedPages harvested, OtherMemory? otherMemory, CancellationToken cancellation)
    {
        (_machine, _stores, _harvested, _otherMemory, _cancellation) = (machine, stores, harvested, otherMemory, cancellation);
        _name = choice.Name;
        _log = choice.Make(machine, settings);
        _attached = machine.DirtyLog!;
        _log.Start();
        TouchRecords();
    }

    public ulong BookkeepingBytes => _log.BookkeepingBytes;

    public DirtyLogForm? Form => (_log as AdaptiveDirtyLog)?.Form;

    public CellCosts Round()
    {
        _otherMemory?.Read();
        return RoundBefore();
    }

    public CellCosts RoundBefore()
    {
        _harvested.Begin();
        DirtyLogStatistics before = _log.Statistics;
        VcpuShare[] shares = Store();
        var sink = new HarvestedPages.Sink(_harvested);
        long start = Stopwatch.GetTimestamp();
        _log.Harvest(ref sink);
        double last = Clock.Microseconds(start, Stopwatch.GetTimestamp());
        DirtyLogStatistics cost = _log.Statistics - before;
        _harvested.Check(_name);
        double stall = shares.Sum(share => share.Stall);
        return new CellCosts(
            shares.Sum(share => share.Guest),
            stall,
            stall + last,
            cost.Faults,
            shares.Sum(share => share.FullExits),
            cost.Entries,
            cost.ResetCalls,
            cost.Invalidations,
            cost.BytesTouched);
    }

    public double? RoundWithoutProtection()
    {
        if (_log is not WriteProtectingLog log)
            return null;

        log.ProtectsPages = false;
        double time = Round().Harvest;

        // For the logs that take this one's place: what was not protected is, and in the TLBs too.
        log.ProtectsPages = true;
        MemorySlot slot = _machine.Memory.Slots[0];
        foreach (uint page in _harvested.Expected)
            log.Protect(slot, page, 1);
        log.Clear();
        return time;
    }

    // All that was stored to is harvested, so it is protected, and no TLB has it: a log that was started like this one may go on from there.
    public void Suspend() => _machine.Detach(_attached);

    public void Resume()
    {
        if (_machine.DirtyLog != _attached)
            _machine.Attach(_attached);
    }

    public void Dispose()
    {
        Resume();
        _log.Dispose();
    }

    // KVM's bitmaps are there when the log is: here the host makes a page of them when it is first written, and gives one page of zeros to all who only read.
    private void TouchRecords()
    {
        MemorySlot slot = _machine.Memory.Slots[0];
        for (ulong page = 0; page < slot.PageCount; page += PagesPerHostPage)
        {
            if (!_log.CanRecord(_machine.Vcpus[0]))
                _log.Clear();
            _log.Record(_machine.Vcpus[0], slot, page);
        }

        _log.Clear();
    }

    private VcpuShare[] Store()
    {
        VcpuShare[] shares = [.. _machine.Vcpus.Select(vcpu => _stores.ShareOf(vcpu, _machine.Vcpus.Length, _log, _harvested))];
        using (_cancellation.Register(StopVcpus))
        {
            Thread[] others = [.. shares.Skip(1).Select(share => new Thread(share.Run))];
            foreach (Thread thread in others)
                thread.Start();
            shares[0].Run();
            foreach (Thread thread in others)
                thread.Join();
        }

        _cancellation.ThrowIfCancellationRequested();
        return shares.FirstOrDefault(share => share.Exit != VcpuExit.Halted) is { Exit: var exit }
            ? throw new InvalidOperationException($"A vCPU left with {exit}.")
            : shares;
    }

    private void StopVcpus()
    {
        foreach (Vcpu vcpu in _machine.Vcpus)
            vcpu.RequestStop();
    }
}
