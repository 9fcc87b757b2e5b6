using System.Diagnostics;
using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>What the logs that learn of first writes through protection have in common: the order of a harvest, and the books.</summary>
public abstract class WriteProtectingLog : IDirtyLog
{
    // Starts, stops and harvests one after the other: KVM's slots_lock.
    private readonly Lock _slotsLock = new();
    private DirtyLogStatistics _statistics;

    private protected WriteProtectingLog(VirtualMachine machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        if (machine.HashTable is not null)
            throw new ArgumentException($"The machine has a hashed page table; take a {nameof(HashTableDirtyLog)}.", nameof(machine));
        if (machine.Shadow is not null)
            throw new ArgumentException($"The machine has shadow mappings; take a {nameof(ShadowDirtyLog)}.", nameof(machine));
        foreach (MemorySlot slot in machine.Memory.Slots)
        {
            if (machine.Tdp?.CanLog(slot) is { } error and not Errno.None)
                throw new ArgumentException($"Slot {slot.Id} is guest_memfd's, whose dirty log KVM refuses ({error}) and the machine's options do not allow.", nameof(machine));
        }

        Machine = machine;
    }

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public DirtyLogStatistics Statistics
    {
        get
        {
            using (new VcpuSafeScope(_slotsLock, Machine))
            {
                ulong faults = 0;
                foreach (Vcpu vcpu in Machine.Vcpus)
                    faults += vcpu.Faults;
                return _statistics with { Faults = faults };
            }
        }
    }

    private protected VirtualMachine Machine { get; }

    /// <inheritdoc/>
    public void Start()
    {
        using (new VcpuSafeScope(_slotsLock, Machine))
        {
            foreach (MemorySlot slot in Machine.Memory.Slots)
                slot.LogsDirtyPages = true;

            HardwareOrdering.FullFence();                                             // E7: flag up, then look for writable entries
            foreach (MemorySlot slot in Machine.Memory.Slots)
                Machine.Mmu.WriteProtectAll(slot);
            Invalidate();
            foreach (MemorySlot slot in Machine.Memory.Slots)
                Machine.Mmu.LogStarted(slot);
        }
    }

    /// <inheritdoc/>
    public void Stop()
    {
        using (new VcpuSafeScope(_slotsLock, Machine))
        {
            foreach (MemorySlot slot in Machine.Memory.Slots)
                slot.LogsDirtyPages = false;

            // When no vCPU is inside a fault any more that saw the flag up, what is recorded is all that will be.
            Invalidate();
            var forget = default(ForgettingSink);
            Collect(ref forget);
            foreach (MemorySlot slot in Machine.Memory.Slots)
                Machine.Mmu.LogStopped(slot);
        }
    }

    /// <inheritdoc/>
    public void Harvest<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        using (new VcpuSafeScope(_slotsLock, Machine))
        {
            long start = Stopwatch.GetTimestamp();
            Machine.Mmu.BringInRecords();
            try
            {
                Collect(ref sink);
            }
            finally
            {
                // Also where the sink throws: pages that it had taken are protected, but not in the TLBs yet.
                if (ProtectedSinceInvalidation)
                    Invalidate();
                _statistics = _statistics with
                {
                    Harvests = _statistics.Harvests + 1,
                    HarvestTime = _statistics.HarvestTime + Stopwatch.GetElapsedTime(start),
                };
            }
        }
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
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Takes what is recorded, protects it, and hands it to the sink; the caller invalidates.</summary>
    private protected abstract void Collect<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink;

    /// <summary>Releases the memory in which pages are recorded.</summary>
    private protected abstract void Free();

    private protected bool ProtectedSinceInvalidation { get; private set; }

    /// <summary>Protects pages again: a reset call.</summary>
    private protected void Protect(MemorySlot slot, ulong baseOffset, ulong mask)
    {
        Machine.Mmu.WriteProtect(slot, baseOffset, mask);
        ProtectedSinceInvalidation = true;
        _statistics = _statistics with { ResetCalls = _statistics.ResetCalls + 1 };
    }

    /// <summary>Books what a harvest visited.</summary>
    private protected void Book(ulong entries, ulong bytesTouched, ulong refusedPages = 0) => _statistics = _statistics with
    {
        Entries = _statistics.Entries + entries,
        BytesTouched = _statistics.BytesTouched + bytesTouched,
        RefusedPages = _statistics.RefusedPages + refusedPages,
    };

    private void Invalidate()
    {
        int flushed = Machine.InvalidateTlbs();
        ProtectedSinceInvalidation = false;
        _statistics = _statistics with { Invalidations = _statistics.Invalidations + (ulong)flushed };
    }

    private struct ForgettingSink : IDirtyPageSink
    {
        public readonly void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
        }
    }
}
