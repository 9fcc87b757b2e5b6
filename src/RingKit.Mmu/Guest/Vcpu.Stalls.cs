using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace RingKit.Mmu.Guest;

/// <summary>What tracking costs the vCPU.</summary>
public sealed unsafe partial class Vcpu
{
    private readonly StallMeter _stalls;

    // Counted down by misses; the one that meets 0 is timed, or finds out that it should not be.
    private int _missesUntilTimed = 1;

    /// <summary>What the vCPU has lost so far. Any thread; the figures are each of their own moment.</summary>
    public VcpuStalls Stalls => _stalls.Value;

    /// <summary>The vCPU's thread has slept for a throttle, outside the guest.</summary>
    /// <param name="slept">For how long.</param>
    internal void BookThrottle(TimeSpan slept) => _stalls.Book(StallKind.Throttle, slept);

    // The page table is asked. A miss that it answers without a fault is no stall.
    private VcpuExit TranslateMiss(ulong gfn, bool write, out TlbEntry entry, out ulong source)
    {
        if (--_missesUntilTimed == 0)
            return TranslateTimed(gfn, write, out entry, out source);

        ulong faults = _faults, records = _records;
        VcpuExit exit = _machine.Mmu.Translate(this, gfn, write, out entry, out source);
        if (_records != records)
            _stalls.Count(StallKind.LogFault);
        else if (_faults != faults)
            _stalls.Count(StallKind.OtherFault);
        return exit;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private VcpuExit TranslateTimed(ulong gfn, bool write, out TlbEntry entry, out ulong source)
    {
        FaultTiming timing = _machine.FaultTiming;
        ulong faults = _faults, records = _records;
        long start = timing == FaultTiming.Off ? 0 : Stopwatch.GetTimestamp();
        VcpuExit exit = _machine.Mmu.Translate(this, gfn, write, out entry, out source);
        if (_records != records || _faults != faults)
        {
            StallKind kind = _records != records ? StallKind.LogFault : StallKind.OtherFault;
            _stalls.Count(kind);
            if (timing != FaultTiming.Off)
                _stalls.BookFault(kind, start);
        }

        if (timing == FaultTiming.Off)
            _stalls.ForgetUntimed();
        _missesUntilTimed = timing == FaultTiming.Every ? 1 : _stalls.NextInterval();
        return exit;
    }

    private VcpuExit Leaving(VcpuExit exit)
    {
        if (exit == VcpuExit.DirtyRingFull)
            _stalls.Leave(StallKind.RingFull);
        else if (exit == VcpuExit.DirtyQuotaExhausted)
            _stalls.Leave(StallKind.Quota);
        return exit;
    }

    private void DropTranslationsBetweenSteps()
    {
        long start = Stopwatch.GetTimestamp();
        DropTranslations();
        _stalls.Book(StallKind.Invalidation, start);
    }
}
