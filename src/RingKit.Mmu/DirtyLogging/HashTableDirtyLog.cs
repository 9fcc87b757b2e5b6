using System.Diagnostics;
using System.Numerics;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Machine;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>A dirty log over a hashed page table. A record always has room, and no vCPU ever leaves the guest for it.</summary>
/// <remarks>
/// The host's page is the unit: where it has 64 KiB, a store makes 16 guest pages of 4 KiB dirty. <see cref="IDirtyLog.Start"/> forgets C that is
/// set already; KVM since 4.15 reports it with the first harvest. See docs/hash-table.md.
/// </remarks>
public sealed class HashTableDirtyLog : IDirtyLog
{
    private readonly VirtualMachine _machine;
    private readonly Book3sHvCore<HardwareOrdering> _hypervisor;
    private readonly HashTableLogMethod _method;
    private readonly Lock _slotsLock;
    private DirtyLogStatistics _statistics;

    /// <summary>Makes a log for a machine that has none. It records from <see cref="Start"/> on.</summary>
    /// <param name="machine">A machine with a hashed page table.</param>
    /// <param name="method">How it learns of writes.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentException">The machine's page table is no hashed one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such method.</exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    public HashTableDirtyLog(VirtualMachine machine, HashTableLogMethod method)
    {
        ArgumentNullException.ThrowIfNull(machine);
        if (machine.HashTable is not { } table)
            throw new ArgumentException("The machine has no hashed page table.", nameof(machine));
        if (!Enum.IsDefined(method))
            throw new ArgumentOutOfRangeException(nameof(method), method, $"The methods are {string.Join(", ", Enum.GetNames<HashTableLogMethod>())}.");

        _machine = machine;
        _method = method;
        _hypervisor = table.Core;
        _slotsLock = table.SlotsLock;
        machine.Attach(this);
    }

    /// <inheritdoc/>
    public string Name => _method switch
    {
        HashTableLogMethod.Walk => "walk",
        HashTableLogMethod.Sweep => "sweep",
        HashTableLogMethod.Cheapest => "chooser",
        _ => "faults",
    };

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
            _hypervisor.LogsByFaults = _method == HashTableLogMethod.Faults;
            var thread = new MachineThread(_machine, _machine.CurrentVcpu);
            foreach (HashSlot<HardwareOrdering> slot in _hypervisor.Slots)
            {
                Book(_hypervisor.StartLogging(ref thread, slot));
                slot.Memory.LogsDirtyPages = true;
            }

            var forget = default(ForgettingSink);
            Collect(ref forget);
        }
    }

    /// <inheritdoc/>
    public void Stop()
    {
        using (new VcpuSafeScope(_slotsLock, _machine))
        {
            foreach (HashSlot<HardwareOrdering> slot in _hypervisor.Slots)
            {
                slot.Logs = false;
                slot.Memory.LogsDirtyPages = false;
                slot.Changed.Forget();
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
                Collect(ref sink);
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
        _hypervisor.Slots[slot.Ordinal].Changed.Mark(offset >> (_hypervisor.Options.PageShift - GuestPage.Shift), 1);
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

    private void Collect<TSink>(ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        var thread = new MachineThread(_machine, _machine.CurrentVcpu);
        var pages = new PageSink<TSink>(_hypervisor.Options.PageShift - GuestPage.Shift, ref sink);
        HarvestMethod method = _method switch
        {
            HashTableLogMethod.Sweep => HarvestMethod.Sweep,
            HashTableLogMethod.Cheapest => HarvestMethod.Cheapest,
            _ => HarvestMethod.Walk,
        };
        Book(_hypervisor.HarvestAll(ref thread, method, _machine.RunsVcpus, ref pages));
    }

    private void Book(in HarvestStatistics cost) => _statistics = _statistics with
    {
        Entries = _statistics.Entries + cost.Entries,
        ResetCalls = _statistics.ResetCalls + cost.TlbieBatches,
        Invalidations = _statistics.Invalidations + cost.Tlbies,
        BytesTouched = _statistics.BytesTouched + cost.BytesTouched,
    };

    /// <summary>From the host's pages to those of 4 KiB.</summary>
    private ref struct PageSink<TSink>(int extraShift, ref TSink sink) : IHashSlotSink
        where TSink : struct, IDirtyPageSink
    {
        private readonly ref TSink _sink = ref sink;

        public readonly void Accept(MemorySlot slot, ulong word, ulong mask)
        {
            if (extraShift == 0)
            {
                _sink.Accept(slot, word * 64, mask);
                return;
            }

            int pages = 1 << extraShift;
            ulong all = (1UL << pages) - 1;
            for (; mask != 0; mask &= mask - 1)
                _sink.Accept(slot, ((word * 64) + (uint)BitOperations.TrailingZeroCount(mask)) << extraShift, all);
        }
    }

    private struct ForgettingSink : IDirtyPageSink
    {
        public readonly void Accept(MemorySlot slot, ulong baseOffset, ulong mask)
        {
        }
    }
}
