using System.Diagnostics;
using System.Runtime.CompilerServices;
using RingKit.Mmu.Guest.Translation;

namespace RingKit.Mmu.Guest;

/// <summary>What tracking costs the vCPU.</summary>
public sealed unsafe partial class Vcpu
{
    private const uint Faulted = 1;
    private const uint Recorded = 2;

    private readonly StallMeter _stalls;

    // What the page table has done in the miss that is under way. Processors' own records come at other times too.
    private uint _missEvents;

    // Counted down by misses; the one that meets 0 is timed, or finds out that it should not be.
    private int _missesUntilTimed = 1;

    // What the machine wanted then.
    private FaultTiming _timing;

    /// <summary>What the vCPU has lost so far. Any thread; the figures are each of their own moment.</summary>
    public VcpuStalls Stalls => _stalls.Value;

    /// <summary>The vCPU's thread has slept for a throttle, outside the guest.</summary>
    /// <param name="slept">For how long.</param>
    internal void BookThrottle(TimeSpan slept) => _stalls.Book(StallKind.Throttle, slept);

    // The page table is asked. What it answers without a fault or a record is no stall, and is kept short.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private VcpuExit TranslateMiss(ulong gfn, bool write, out TlbEntry entry, out ulong source)
    {
        if (--_missesUntilTimed == 0)
            return TranslateTimed(gfn, write, out entry, out source);

        _missEvents = 0;
        VcpuExit exit = _machine.Mmu.Translate(this, gfn, write, out entry, out source);
        if (_missEvents != 0)
            _stalls.CountFault((_missEvents & Recorded) != 0);
        return exit;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private VcpuExit TranslateTimed(ulong gfn, bool write, out TlbEntry entry, out ulong source)
    {
        if (_timing == FaultTiming.Off)
            _stalls.ForgetUntimed();
        FaultTiming timing = _timing = _machine.FaultTiming;
        long start = timing == FaultTiming.Off ? 0 : Stopwatch.GetTimestamp();
        _missEvents = 0;
        VcpuExit exit = _machine.Mmu.Translate(this, gfn, write, out entry, out source);
        if (_missEvents != 0)
        {
            bool hasRecorded = (_missEvents & Recorded) != 0;
            _stalls.CountFault(hasRecorded);
            if (timing != FaultTiming.Off)
                _stalls.BookFault(hasRecorded, start);
        }

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
