using System.Diagnostics;
using System.Runtime.CompilerServices;
using RingKit.Ordering;

namespace RingKit.Mmu.Guest;

/// <summary>What a vCPU has lost, as its thread books it.</summary>
/// <remarks>Thread role: the thread that runs the vCPU books, in the guest or between two runs; any thread reads.</remarks>
internal sealed class StallMeter(int vcpu)
{
    private readonly ulong[] _counts = new ulong[(int)StallKind.Count];
    private readonly ulong[] _ticks = new ulong[(int)StallKind.Count];

    // Faults of the two kinds, apart from the rest as they are the most frequent; and how many of each there were when one was timed last.
    private ulong _logFaults;
    private ulong _otherFaults;
    private ulong _logFaultsTimed;
    private ulong _otherFaultsTimed;
    private ulong _random = (uint)vcpu + 1;

    // When the vCPU left for a reason for which the time outside counts, and what throttles had slept until then; or 0.
    private long _leftAt;
    private StallKind _leftFor;
    private ulong _sleptBefore;

    /// <summary>What was lost so far.</summary>
    public VcpuStalls Value => new()
    {
        LogFaults = HardwareOrdering.LoadRelaxed(ref _logFaults),
        LogFaultTime = TimeOf(StallKind.LogFault),
        OtherFaults = HardwareOrdering.LoadRelaxed(ref _otherFaults),
        OtherFaultTime = TimeOf(StallKind.OtherFault),
        EntryWaits = CountOf(StallKind.EntryWait),
        EntryWaitTime = TimeOf(StallKind.EntryWait),
        Invalidations = CountOf(StallKind.Invalidation),
        InvalidationTime = TimeOf(StallKind.Invalidation),
        RingFullExits = CountOf(StallKind.RingFull),
        RingFullTime = TimeOf(StallKind.RingFull),
        QuotaExits = CountOf(StallKind.Quota),
        QuotaTime = TimeOf(StallKind.Quota),
        Throttles = CountOf(StallKind.Throttle),
        ThrottleTime = TimeOf(StallKind.Throttle),
    };

    /// <summary>Whether the vCPU left for a reason for which the time outside counts.</summary>
    public bool IsOutside => _leftAt != 0;

    /// <summary>Counts a fault.</summary>
    /// <param name="hasRecorded">Whether it recorded a page.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CountFault(bool hasRecorded) => Add(ref hasRecorded ? ref _logFaults : ref _otherFaults, 1);

    /// <summary>Counts something, and the time that it took.</summary>
    /// <param name="kind">Why the time was lost.</param>
    /// <param name="start">When it began, a timestamp.</param>
    public void Book(StallKind kind, long start)
    {
        Count(kind);
        AddTime(kind, (ulong)(Stopwatch.GetTimestamp() - start));
    }

    /// <summary>Counts something, and the time that it took.</summary>
    public void Book(StallKind kind, TimeSpan time)
    {
        Count(kind);
        AddTime(kind, (ulong)(Math.Max(time.TotalSeconds, 0) * Stopwatch.Frequency));
    }

    /// <summary>Books the time of a fault that is counted already, for all of its kind since the one that was timed last.</summary>
    /// <param name="hasRecorded">Whether it recorded a page.</param>
    /// <param name="start">When it began, a timestamp.</param>
    public void BookFault(bool hasRecorded, long start)
    {
        ulong faults = hasRecorded ? _logFaults : _otherFaults;
        ref ulong timed = ref hasRecorded ? ref _logFaultsTimed : ref _otherFaultsTimed;
        AddTime(hasRecorded ? StallKind.LogFault : StallKind.OtherFault, (ulong)(Stopwatch.GetTimestamp() - start) * (faults - timed));
        timed = faults;
    }

    /// <summary>Faults until now were not timed: none that is timed later stands for them.</summary>
    public void ForgetUntimed() => (_logFaultsTimed, _otherFaultsTimed) = (_logFaults, _otherFaults);

    /// <summary>The vCPU leaves for a reason for which the time outside counts.</summary>
    public void Leave(StallKind kind)
    {
        Count(kind);
        _leftFor = kind;
        _sleptBefore = _ticks[(int)StallKind.Throttle];
        _leftAt = Stopwatch.GetTimestamp();
    }

    /// <summary>The vCPU is about to be in the guest again.</summary>
    /// <param name="arrived">When it began to wait for the entry, a timestamp; 0 if it did not have to.</param>
    public void Enter(long arrived)
    {
        if (_leftAt != 0)
        {
            ulong outside = (ulong)((arrived != 0 ? arrived : Stopwatch.GetTimestamp()) - _leftAt), slept = _ticks[(int)StallKind.Throttle] - _sleptBefore;
            AddTime(_leftFor, outside - Math.Min(outside, slept));
            _leftAt = 0;
        }

        if (arrived != 0)
            Book(StallKind.EntryWait, arrived);
    }

    /// <summary>How many misses it is until the next one that is timed, 64 on average: a program that misses in a rhythm must not meet the same one each time.</summary>
    public int NextInterval()
    {
        _random = unchecked((_random * 6364136223846793005) + 1442695040888963407);
        return 1 + (int)((_random >> 58) * 2);
    }

    private void Count(StallKind kind) => Add(ref _counts[(int)kind], 1);

    private static void Add(ref ulong counter, ulong amount) => HardwareOrdering.StoreRelaxed(ref counter, counter + amount);

    private void AddTime(StallKind kind, ulong ticks) => Add(ref _ticks[(int)kind], ticks);

    private ulong CountOf(StallKind kind) => HardwareOrdering.LoadRelaxed(ref _counts[(int)kind]);

    private TimeSpan TimeOf(StallKind kind) => Stopwatch.GetElapsedTime(0, (long)HardwareOrdering.LoadRelaxed(ref _ticks[(int)kind]));
}
