using System.Diagnostics;
using RingKit.Mmu.DirtyLogging.Phases;
using RingKit.Mmu.DirtyLogging.Writes;
using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>What the dirty logs of a machine have in common: starts, stops and harvests that come one after the other, the books, and the end.</summary>
public abstract partial class MachineDirtyLog : IDirtyLog, IHarvestSource
{
    // KVM's slots_lock.
    private readonly Lock _slotsLock;

    private protected MachineDirtyLog(VirtualMachine machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        Machine = machine;
        _slotsLock = machine.SlotsLock;
        _sessions = new ulong[machine.Memory.Slots.Length];
    }

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public DirtyLogStatistics Statistics
    {
        get
        {
            using var scope = new VcpuSafeScope(_slotsLock, Machine);
            ulong faults = 0, recorded = 0;
            foreach (Vcpu vcpu in Machine.Vcpus)
            {
                faults += vcpu.Faults;
                recorded += vcpu.DirtiedPages;
            }

            return Books with { Faults = faults, VcpuPages = recorded, ResetCalls = ResetCalls };
        }
    }

    /// <inheritdoc/>
    public virtual ulong BookkeepingBytes => 0;

    private protected VirtualMachine Machine { get; }

    /// <summary>The statistics, but for the faults and the reset calls. Under the lock.</summary>
    private protected DirtyLogStatistics Books { get; set; }

    /// <summary>Of the statistics, and by itself: it is counted with every word of pages, between two atomic steps, which wait for all that is stored.</summary>
    private protected ulong ResetCalls { get; set; }

    /// <inheritdoc/>
    public void Start()
    {
        using var scope = new VcpuSafeScope(_slotsLock, Machine);
        foreach (MemorySlot slot in Machine.Memory.Slots)
            ForgetLateWrites(slot);
        StartLocked();
        WriteMarking<HardwareOrdering>.Started();
    }

    /// <inheritdoc/>
    public void Stop()
    {
        using var scope = new VcpuSafeScope(_slotsLock, Machine);
        StopLocked();
        foreach (MemorySlot slot in Machine.Memory.Slots)
            ForgetReturned(slot);
    }

    /// <inheritdoc/>
    public void Harvest<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        using var scope = new VcpuSafeScope(_slotsLock, Machine);
        CollectAndEnd(ref sink, withReturned: true);
    }

    /// <inheritdoc/>
    public void Clear()
    {
        var forget = default(ForgettingSink);
        Harvest(ref forget);
    }

    /// <inheritdoc/>
    public abstract bool CanRecord(Vcpu vcpu);

    /// <inheritdoc/>
    public abstract void Record(Vcpu vcpu, MemorySlot slot, ulong offset);

    /// <inheritdoc/>
    public abstract bool NeedsHarvest(Vcpu vcpu);

    /// <summary>Stops the log and takes it off its machine, which may then have another. vCPUs have left the guest.</summary>
    public void Dispose()
    {
        if (Machine.DirtyLog != this)
            return;

        if (!Machine.IsDisposed)
            Stop();
        Machine.Detach(this);
        using (new VcpuSafeScope(_slotsLock, Machine))
        {
            _isDisposed = true;
            _returned?.Dispose();
        }

        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes it the machine's log. Last of all that a constructor does: if it throws, nothing is left behind.</summary>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already; this one's memory is released.</exception>
    private protected void Attach()
    {
        try
        {
            Machine.Attach(this);
        }
        catch (InvalidOperationException)
        {
            Free();
            throw;
        }
    }

    /// <summary>Takes the lock, for what a log can do besides.</summary>
    private protected VcpuSafeScope EnterSlots() => new(_slotsLock, Machine);

    /// <summary>Starts to log all slots. Under the lock, as is all that follows.</summary>
    private protected abstract void StartLocked();

    /// <summary>Stops, and forgets what was not harvested.</summary>
    private protected abstract void StopLocked();

    /// <summary>Takes what is recorded, protects it, and hands it to the sink.</summary>
    private protected abstract void Collect<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink;

    /// <summary>What is left to do after <see cref="Collect"/>, also where the sink has thrown.</summary>
    private protected virtual void EndHarvest()
    {
    }

    /// <summary>Releases the memory in which pages are recorded, if it is the log's own.</summary>
    private protected virtual void Free()
    {
    }

    /// <summary>Takes what is recorded, and protects it, for nobody.</summary>
    private protected void Forget()
    {
        var forget = default(ForgettingSink);
        Collect(ref forget);
    }

    private void CollectAndEnd<TSink>(ref TSink sink, bool withReturned)
        where TSink : struct, IDirtyPageSink
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            Collect(ref sink);
            foreach (MemorySlot slot in Machine.Memory.Slots)
                CollectWritesWithoutVcpu(slot, ref sink);
            if (withReturned)
                _returned?.Deliver(ref sink);
        }
        finally
        {
            EndHarvest();
            Books = Books with { Harvests = Books.Harvests + 1, HarvestTime = Books.HarvestTime + Stopwatch.GetElapsedTime(start) };
        }
    }

    /// <summary>Takes pages for nobody.</summary>
    private protected readonly struct ForgettingSink : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
        }
    }
}
