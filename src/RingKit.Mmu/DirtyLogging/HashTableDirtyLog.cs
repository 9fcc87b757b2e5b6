using System.Numerics;
using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Hypervisor;
using RingKit.Mmu.HashTable.Machine;
using RingKit.Mmu.HashTable.Slots;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>A dirty log over a hashed page table. A record always has room, and no vCPU ever leaves the guest for it.</summary>
/// <remarks>
/// The host's page is the unit: where it has 64 KiB, a store makes 16 guest pages of 4 KiB dirty. <see cref="MachineDirtyLog.Start"/> forgets C that is
/// set already; KVM since 4.15 reports it with the first harvest. See docs/hash-table.md.
/// </remarks>
public sealed class HashTableDirtyLog : MachineDirtyLog
{
    private readonly Book3sHvCore<HardwareOrdering> _hypervisor;
    private readonly HashTableLogMethod _method;

    /// <summary>Makes a log for a machine that has none. It records from <see cref="MachineDirtyLog.Start"/> on.</summary>
    /// <param name="machine">A machine with a hashed page table.</param>
    /// <param name="method">How it learns of writes.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentException">The machine's page table is no hashed one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such method.</exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    public HashTableDirtyLog(VirtualMachine machine, HashTableLogMethod method)
        : base(machine)
    {
        if (!Enum.IsDefined(method))
            throw new ArgumentOutOfRangeException(nameof(method), method, $"The methods are {string.Join(", ", Enum.GetNames<HashTableLogMethod>())}.");

        _method = method;
        _hypervisor = TableOf(machine).Core;
        machine.Attach(this);
    }

    /// <inheritdoc/>
    public override string Name => _method switch
    {
        HashTableLogMethod.Walk => "walk",
        HashTableLogMethod.Sweep => "sweep",
        HashTableLogMethod.Cheapest => "chooser",
        _ => "faults",
    };

    /// <inheritdoc/>
    public override ulong BookkeepingBytes => _hypervisor.Slots.Aggregate(0UL, (sum, slot) => sum + (slot.Changed.WordCount * sizeof(ulong)));

    /// <inheritdoc/>
    public override bool CanRecord(Vcpu vcpu) => true;

    /// <summary>Records a page that something else than a vCPU's store has written: the host, or a device.</summary>
    /// <inheritdoc/>
    public override void Record(Vcpu vcpu, MemorySlot slot, ulong offset)
    {
        ArgumentNullException.ThrowIfNull(slot);
        _hypervisor.Slots[slot.Ordinal].Changed.Mark(offset >> (_hypervisor.Options.PageShift - GuestPage.Shift), 1);
    }

    /// <inheritdoc/>
    public override bool NeedsHarvest(Vcpu vcpu) => false;

    private protected override void StartLocked()
    {
        _hypervisor.LogsByFaults = _method == HashTableLogMethod.Faults;
        var thread = new MachineThread(Machine, Machine.CurrentVcpu);
        foreach (HashSlot<HardwareOrdering> slot in _hypervisor.Slots)
        {
            Book(_hypervisor.StartLogging(ref thread, slot));
            slot.Memory.LogsDirtyPages = true;
        }

        Forget();
    }

    private protected override void StopLocked()
    {
        foreach (HashSlot<HardwareOrdering> slot in _hypervisor.Slots)
        {
            slot.StopLogging();
            slot.Memory.LogsDirtyPages = false;
        }
    }

    private protected override void Collect<TSink>(ref TSink sink)
    {
        var thread = new MachineThread(Machine, Machine.CurrentVcpu);
        var pages = new PageSink<TSink>(_hypervisor.Options.PageShift - GuestPage.Shift, ref sink);
        HarvestMethod method = _method switch
        {
            HashTableLogMethod.Sweep => HarvestMethod.Sweep,
            HashTableLogMethod.Cheapest => HarvestMethod.Cheapest,
            _ => HarvestMethod.Walk,
        };
        Book(_hypervisor.HarvestAll(ref thread, method, Machine.RunsVcpus, ref pages));
    }

    private static Book3sHv TableOf(VirtualMachine machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        return machine.HashTable ?? throw new ArgumentException("The machine has no hashed page table.", nameof(machine));
    }

    private void Book(in HarvestStatistics cost)
    {
        ResetCalls += cost.TlbieBatches;
        Books = Books with
        {
            Entries = Books.Entries + cost.Entries,
            Invalidations = Books.Invalidations + cost.Tlbies,
            BytesTouched = Books.BytesTouched + cost.BytesTouched,
        };
    }

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
}
