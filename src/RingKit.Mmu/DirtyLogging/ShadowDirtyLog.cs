using System.Diagnostics;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Machine;
using RingKit.Mmu.HashTable.Shadow;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>Book3S PR's dirty log: a page is marked when it is mapped for writing, and a harvest that finds a mark drops all mappings of the slot.</summary>
/// <remarks>
/// A record always has room, and no vCPU ever leaves the guest for it. A clean slot costs its bitmap alone; one page that was written costs a walk over every
/// vCPU's mappings, and a fault for each page of the slot that is used again. What is reported: <see cref="HashTable.Book3sPrOptions"/>.
/// </remarks>
public sealed class ShadowDirtyLog : IDirtyLog
{
    private readonly VirtualMachine _machine;
    private readonly ShadowMmuCore<HardwareOrdering> _mmu;

    // Starts, stops and harvests one after the other: KVM's slots_lock.
    private readonly Lock _slotsLock = new();
    private DirtyLogStatistics _statistics;

    /// <summary>Makes a log for a machine that has none. It records from <see cref="Start"/> on.</summary>
    /// <param name="machine">A machine with shadow mappings.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentException">The machine has no shadow mappings.</exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    public ShadowDirtyLog(VirtualMachine machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        if (machine.Shadow is not { } shadow)
            throw new ArgumentException("The machine has no shadow mappings.", nameof(machine));

        _machine = machine;
        _mmu = shadow.Core;
        machine.Attach(this);
    }

    /// <inheritdoc/>
    public string Name => "shadow";

    /// <inheritdoc/>
    public DirtyLogStatistics Statistics
    {
        get
        {
            using (new VcpuSafeScope(_slotsLock, _machine))
            {
                ulong faults = 0;
                foreach (Vcpu vcpu in _machine.Vcpus)
                    faults += vcpu.Faults;
                return _statistics with { Faults = faults };
            }
        }
    }

    /// <inheritdoc/>
    public void Start()
    {
        using (new VcpuSafeScope(_slotsLock, _machine))
        {
            MachineThread thread = Here();
            foreach (ShadowSlot<HardwareOrdering> slot in _mmu.Slots)
            {
                Book(_mmu.StartLogging(ref thread, slot), bitmapBytes: 0);
                slot.Memory.LogsDirtyPages = true;
            }
        }
    }

    /// <inheritdoc/>
    public void Stop()
    {
        using (new VcpuSafeScope(_slotsLock, _machine))
        {
            MachineThread thread = Here();
            foreach (ShadowSlot<HardwareOrdering> slot in _mmu.Slots)
            {
                slot.Memory.LogsDirtyPages = false;
                _mmu.StopLogging(ref thread, slot);
            }
        }
    }

    /// <inheritdoc/>
    public void Harvest<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        using (new VcpuSafeScope(_slotsLock, _machine))
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                MachineThread thread = Here();
                var pages = new PageSink<TSink>(ref sink);
                foreach (ShadowSlot<HardwareOrdering> slot in _mmu.Slots)
                    Book(_mmu.Harvest(ref thread, slot, ref pages), slot.Changed.WordCount * sizeof(ulong));
            }
            finally
            {
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
    public bool CanRecord(Vcpu vcpu) => true;

    /// <summary>Records a page that something else than a vCPU's store has written: the host, or a device.</summary>
    /// <inheritdoc/>
    public void Record(Vcpu vcpu, MemorySlot slot, ulong offset)
    {
        ArgumentNullException.ThrowIfNull(slot);
        _mmu.Slots[slot.Ordinal].Changed.Mark(offset, 1);
    }

    /// <inheritdoc/>
    public bool NeedsHarvest(Vcpu vcpu) => false;

    /// <summary>Stops the log and takes it off its machine, which may then have another. vCPUs have left the guest.</summary>
    public void Dispose()
    {
        if (_machine.DirtyLog != this)
            return;

        if (!_machine.IsDisposed)
            Stop();
        _machine.Detach(this);
    }

    private MachineThread Here() => new(_machine, _machine.CurrentVcpu);

    private unsafe void Book(in ShadowStatistics cost, ulong bitmapBytes) => _statistics = _statistics with
    {
        Entries = _statistics.Entries + cost.Visited,
        Invalidations = _statistics.Invalidations + cost.Flushed,
        BytesTouched = _statistics.BytesTouched + bitmapBytes + (cost.Visited * (ulong)sizeof(ShadowEntry)),
    };

    // A word of the bitmap is 64 pages of 4 KiB.
    private ref struct PageSink<TSink>(ref TSink sink) : IHashSlotSink
        where TSink : struct, IDirtyPageSink
    {
        private readonly ref TSink _sink = ref sink;

        public readonly void Accept(MemorySlot slot, ulong word, ulong mask) => _sink.Accept(slot, word * 64, mask);
    }

    private struct ForgettingSink : IDirtyPageSink
    {
        public readonly void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
        }
    }
}
