using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.Throttling;

/// <summary>Takes a share of every vCPU's time: it runs for a slice of 10 ms and sleeps for so long that the sleep is that share of both. QEMU's auto-converge.</summary>
/// <remarks>
/// It meets readers and writers alike; <see cref="DirtyQuotaThrottle"/> and <see cref="DirtyLimitThrottle"/> meet writers alone. A timer ends the slices with
/// <see cref="Vcpu.RequestStop"/>; <see cref="Hold"/> sleeps at the exit that comes of it.
/// </remarks>
public sealed class AutoConvergeThrottle : VcpuThrottle
{
    /// <summary>99: a vCPU always gets a slice in the end.</summary>
    public const int MaximumPercentage = 99;

    /// <summary>20: where <see cref="Increase"/> begins. QEMU: cpu-throttle-initial.</summary>
    public const int InitialPercentage = 20;

    /// <summary>10: what <see cref="Increase"/> adds. QEMU: cpu-throttle-increment.</summary>
    public const int Increment = 10;

    /// <summary>How long a vCPU runs between two sleeps: 10 ms.</summary>
    public static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(10);

    // 1 for a vCPU whose slice has ended and that has not slept for it yet.
    private readonly ulong[] _due;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private uint _percentage;

    /// <summary>Makes a throttle that holds nobody yet.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="clock">Ends the slices; the system's if there is none.</param>
    /// <param name="sleeper">Makes threads sleep; by default they block.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    public AutoConvergeThrottle(VirtualMachine machine, TimeProvider? clock = null, IThrottleSleeper? sleeper = null)
        : base(machine, clock, sleeper)
    {
        _due = new ulong[machine.VcpuCount];
        _timer = Clock.CreateTimer(_ => EndSlices(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The share of its time that each vCPU sleeps, in percent: from 0, the default, to <see cref="MaximumPercentage"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is none of these.</exception>
    public int Percentage
    {
        get => (int)HardwareOrdering.LoadRelaxed(ref _percentage);
        set
        {
            if (value is < 0 or > MaximumPercentage)
                throw new ArgumentOutOfRangeException(nameof(value), value, $"The share is from 0 to {MaximumPercentage} percent.");

            lock (_lock)
            {
                HardwareOrdering.StoreRelaxed(ref _percentage, (uint)value);
                TimeSpan period = value == 0 ? Timeout.InfiniteTimeSpan : Slice + SleepFor(value);
                _timer.Change(value == 0 ? Timeout.InfiniteTimeSpan : Slice, period);
            }

            if (value == 0)
                WakeAll();
        }
    }

    /// <summary>Holds the vCPUs back more: <see cref="InitialPercentage"/> at first, then <see cref="Increment"/> more each time, up to <see cref="MaximumPercentage"/>.</summary>
    /// <returns>The new share. Calls come one after the other.</returns>
    public int Increase() => Percentage = Percentage == 0 ? InitialPercentage : Math.Min(Percentage + Increment, MaximumPercentage);

    /// <summary>How long a vCPU sleeps after each slice.</summary>
    /// <param name="percentage">From 0 to <see cref="MaximumPercentage"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is none of these.</exception>
    public static TimeSpan SleepFor(int percentage)
    {
        if (percentage is < 0 or > MaximumPercentage)
            throw new ArgumentOutOfRangeException(nameof(percentage), percentage, $"The share is from 0 to {MaximumPercentage} percent.");
        return Slice * percentage / (100 - percentage);
    }

    /// <inheritdoc/>
    public override bool Hold(Vcpu vcpu, VcpuExit exit, CancellationToken stop = default)
    {
        Check(vcpu);
        CancellationToken lifted = Lifted;
        if (exit != VcpuExit.Interrupted || HardwareOrdering.LoadAcquire(ref _due[vcpu.Id]) == 0)
            return false;

        Sleep(vcpu, SleepFor(Percentage), lifted, stop);
        HardwareOrdering.StoreRelease(ref _due[vcpu.Id], 0);
        return true;
    }

    private protected override void Lift() => Percentage = 0;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _timer.Dispose();
        base.Dispose(disposing);
    }

    // A vCPU that still sleeps, or has not left the guest for the last slice yet, is not asked again.
    private void EndSlices()
    {
        if (Percentage == 0)
            return;
        foreach (Vcpu vcpu in Machine.Vcpus)
        {
            if (HardwareOrdering.LoadAcquire(ref _due[vcpu.Id]) != 0)
                continue;
            HardwareOrdering.StoreRelease(ref _due[vcpu.Id], 1);
            vcpu.RequestStop();                                                       // E6: who leaves for it sees that a sleep is due
        }
    }
}
