namespace RingKit.Mmu.Guest;

/// <summary>What a vCPU has lost, by why: to faults, to waits, to full rings and to those who hold it back. Subtract an earlier one to see an interval.</summary>
/// <remarks>
/// The counts are exact. The times of faults are what <see cref="VirtualMachine.FaultTiming"/> makes of them: exact, or estimated from one miss in 64; all other times are
/// exact. No time is in two of them: what a vCPU waits for inside a fault is the fault's. A reason's time is booked when it has passed: a vCPU that is outside for a full
/// ring just now has not lost that yet. Asked for in Cloud Hypervisor's issue 8899; see docs/stalls.md.
/// </remarks>
public readonly record struct VcpuStalls
{
    /// <summary>Faults, and other exits to the hypervisor in the middle of an access, in which the vCPU recorded a page for the dirty log.</summary>
    /// <remarks>Some would have come without the log: the first store to a page records it and maps it at once. An exit for a full modification log is among them.</remarks>
    public ulong LogFaults { get; init; }

    /// <summary>The time of <see cref="LogFaults"/>.</summary>
    public TimeSpan LogFaultTime { get; init; }

    /// <summary>Faults that recorded nothing: first loads, pages that another vCPU mapped meanwhile, stores while no log was on.</summary>
    public ulong OtherFaults { get; init; }

    /// <summary>The time of <see cref="OtherFaults"/>.</summary>
    public TimeSpan OtherFaultTime { get; init; }

    /// <summary>How often the vCPU had to wait before it could enter the guest: others dropped its translations, or the machine was closed.</summary>
    public ulong EntryWaits { get; init; }

    /// <summary>The time of <see cref="EntryWaits"/>.</summary>
    public TimeSpan EntryWaitTime { get; init; }

    /// <summary>How often the vCPU dropped translations between two steps, because a harvest, or somebody else, asked for it.</summary>
    public ulong Invalidations { get; init; }

    /// <summary>The time of <see cref="Invalidations"/>, without the TLB misses that follow.</summary>
    public TimeSpan InvalidationTime { get; init; }

    /// <summary>How often the vCPU has left with <see cref="VcpuExit.DirtyRingFull"/>.</summary>
    public ulong RingFullExits { get; init; }

    /// <summary>The time from each of <see cref="RingFullExits"/> to the next call of <see cref="Vcpu.Run"/>, without what a throttle slept in it.</summary>
    public TimeSpan RingFullTime { get; init; }

    /// <summary>How often the vCPU has left with <see cref="VcpuExit.DirtyQuotaExhausted"/>.</summary>
    public ulong QuotaExits { get; init; }

    /// <summary>The time from each of <see cref="QuotaExits"/> to the next call of <see cref="Vcpu.Run"/>, without what a throttle slept in it.</summary>
    public TimeSpan QuotaTime { get; init; }

    /// <summary>How often a throttle has made the vCPU's thread sleep.</summary>
    public ulong Throttles { get; init; }

    /// <summary>The time of <see cref="Throttles"/>.</summary>
    public TimeSpan ThrottleTime { get; init; }

    /// <summary>All faults.</summary>
    public ulong Faults => LogFaults + OtherFaults;

    /// <summary>The time of all faults.</summary>
    public TimeSpan FaultTime => LogFaultTime + OtherFaultTime;

    /// <summary>All that was lost.</summary>
    public TimeSpan Total => FaultTime + EntryWaitTime + InvalidationTime + RingFullTime + QuotaTime + ThrottleTime;

    /// <summary>Adds, as for a machine's vCPUs.</summary>
    public static VcpuStalls operator +(VcpuStalls first, VcpuStalls second) =>
        Combine(first, second, static (a, b) => a + b, static (a, b) => a + b);

    /// <summary>What came after <paramref name="earlier"/>.</summary>
    public static VcpuStalls operator -(VcpuStalls later, VcpuStalls earlier) =>
        Combine(later, earlier, static (a, b) => a - b, static (a, b) => a - b);

    private static VcpuStalls Combine(in VcpuStalls a, in VcpuStalls b, Func<ulong, ulong, ulong> counts, Func<TimeSpan, TimeSpan, TimeSpan> times) => new()
    {
        LogFaults = counts(a.LogFaults, b.LogFaults),
        LogFaultTime = times(a.LogFaultTime, b.LogFaultTime),
        OtherFaults = counts(a.OtherFaults, b.OtherFaults),
        OtherFaultTime = times(a.OtherFaultTime, b.OtherFaultTime),
        EntryWaits = counts(a.EntryWaits, b.EntryWaits),
        EntryWaitTime = times(a.EntryWaitTime, b.EntryWaitTime),
        Invalidations = counts(a.Invalidations, b.Invalidations),
        InvalidationTime = times(a.InvalidationTime, b.InvalidationTime),
        RingFullExits = counts(a.RingFullExits, b.RingFullExits),
        RingFullTime = times(a.RingFullTime, b.RingFullTime),
        QuotaExits = counts(a.QuotaExits, b.QuotaExits),
        QuotaTime = times(a.QuotaTime, b.QuotaTime),
        Throttles = counts(a.Throttles, b.Throttles),
        ThrottleTime = times(a.ThrottleTime, b.ThrottleTime),
    };
}
