using RingKit.Mmu.Guest;
using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Harvesting;
using RingKit.Mmu.HashTable.Machine;
using RingKit.Mmu.HashTable.Shadow;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>Book3S PR's dirty log: a page is marked when it is mapped for writing, and a harvest that finds a mark drops all mappings of the slot.</summary>
/// <remarks>
/// A record always has room, and no vCPU ever leaves the guest for it. A clean slot costs its bitmap alone; one page that was written costs a walk over every
/// vCPU's mappings, and a fault for each page of the slot that is used again. What is reported: <see cref="Book3sPrOptions"/>.
/// </remarks>
public sealed class ShadowDirtyLog : MachineDirtyLog
{
    private readonly ShadowMmuCore<HardwareOrdering> _mmu;

    /// <summary>Makes a log for a machine that has none. It records from <see cref="MachineDirtyLog.Start"/> on.</summary>
    /// <param name="machine">A machine with shadow mappings.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentException">The machine has no shadow mappings.</exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    public ShadowDirtyLog(VirtualMachine machine)
        : base(machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        if (machine.Shadow is not { } shadow)
            throw new ArgumentException("The machine has no shadow mappings.", nameof(machine));

        _mmu = shadow.Core;
        machine.Attach(this);
    }

    /// <inheritdoc/>
    public override string Name => "shadow";

    /// <inheritdoc/>
    public override ulong BookkeepingBytes => _mmu.Slots.Aggregate(0UL, (sum, slot) => sum + (slot.Changed.WordCount * sizeof(ulong)));

    /// <inheritdoc/>
    public override bool CanRecord(Vcpu vcpu) => true;

    /// <summary>Records a page that something else than a vCPU's store has written: the host, or a device.</summary>
    /// <inheritdoc/>
    public override void Record(Vcpu vcpu, MemorySlot slot, ulong offset)
    {
        ArgumentNullException.ThrowIfNull(slot);
        _mmu.Slots[slot.Ordinal].Changed.Mark(offset, 1);
    }

    /// <inheritdoc/>
    public override bool NeedsHarvest(Vcpu vcpu) => false;

    private protected override void StartLocked()
    {
        var thread = new MachineThread(Machine, Machine.CurrentVcpu);
        foreach (ShadowSlot<HardwareOrdering> slot in _mmu.Slots)
        {
            Book(_mmu.StartLogging(ref thread, slot), bitmapBytes: 0);
            slot.Memory.LogsDirtyPages = true;
        }
    }

    private protected override void StopLocked()
    {
        var thread = new MachineThread(Machine, Machine.CurrentVcpu);
        foreach (ShadowSlot<HardwareOrdering> slot in _mmu.Slots)
        {
            slot.Memory.LogsDirtyPages = false;
            _mmu.StopLogging(ref thread, slot);
        }
    }

    private protected override void Collect<TSink>(ref TSink sink)
    {
        var thread = new MachineThread(Machine, Machine.CurrentVcpu);
        var pages = new PageSink<TSink>(ref sink);
        foreach (ShadowSlot<HardwareOrdering> slot in _mmu.Slots)
            Book(_mmu.Harvest(ref thread, slot, ref pages), slot.Changed.WordCount * sizeof(ulong));
    }

    private unsafe void Book(in ShadowStatistics cost, ulong bitmapBytes) => Books = Books with
    {
        Entries = Books.Entries + cost.Visited,
        Invalidations = Books.Invalidations + cost.Flushed,
        BytesTouched = Books.BytesTouched + bitmapBytes + (cost.Visited * (ulong)sizeof(ShadowEntry)),
    };

    // A word of the bitmap is 64 pages of 4 KiB.
    private ref struct PageSink<TSink>(ref TSink sink) : IHashSlotSink
        where TSink : struct, IDirtyPageSink
    {
        private readonly ref TSink _sink = ref sink;

        public readonly void Accept(MemorySlot slot, ulong word, ulong mask) => _sink.Accept(slot, word * 64, mask);
    }
}
