using System.Numerics;
using RingKit.Bitmaps;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>A dirty log that keeps a ring for each vCPU: KVM's KVM_CAP_DIRTY_LOG_RING with KVM_RESET_DIRTY_RINGS.</summary>
/// <remarks>
/// A harvest costs what was dirtied, not what exists. A vCPU whose ring reaches its soft limit leaves the guest with
/// <see cref="VcpuExit.DirtyRingFull"/> until a harvest has made room; nothing is ever dropped.
/// </remarks>
public sealed class RingDirtyLog : WriteProtectingLog
{
    private readonly DirtyRing[] _rings;
    private readonly DirtyBitmap[] _bitmaps;
    private uint _savesTables;

    /// <summary>Makes a log for a machine that has none. It records from <see cref="MachineDirtyLog.Start"/> on.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="ringEntries">Entries of each vCPU's ring: a power of two. KVM's own limits are <see cref="DirtyRingSize.Check"/>'s.</param>
    /// <param name="reservedEntries">
    /// Entries above the soft limit, less than the ring's. Where processors have modification logs of 512 pages, so many come on top.
    /// </param>
    /// <param name="withBitmap">Whether slots have bitmaps besides, for pages that no vCPU writes: KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentException">The machine has a hashed page table.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The entries or the reserve are out of range.</exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    public RingDirtyLog(VirtualMachine machine, int ringEntries = 4096, int reservedEntries = DirtyRing.DefaultReservedEntries, bool withBitmap = false)
        : base(machine)
    {

        // What a processor has recorded by itself comes at one exit: KVM's reserve is 64 entries and its cpu_dirty_log_size.
        int reserve = reservedEntries + machine.Mmu.RecordsPerExit;
        _rings = [.. machine.Vcpus.Select(_ => new DirtyRing(ringEntries, reserve))];
        machine.Attach(this);
        _bitmaps = withBitmap ? [.. machine.Memory.Slots.Select(slot => new DirtyBitmap(slot.PageCount))] : [];
    }

    /// <inheritdoc/>
    public override string Name => "ring";

    /// <summary>
    /// Whether a device of the machine writes the guest's memory by itself just now, as the GIC's ITS does when it saves its tables: only then is a write without a vCPU
    /// expected. Any thread.
    /// </summary>
    public bool SavesTables
    {
        get => HardwareOrdering.LoadAcquire(ref _savesTables) != 0;
        set => HardwareOrdering.StoreRelease(ref _savesTables, value ? 1u : 0);
    }

    /// <summary>Records a page that was written without a vCPU. Any thread, after the write.</summary>
    /// <param name="slot">A slot of the machine.</param>
    /// <param name="offset">Page index inside the slot.</param>
    /// <returns>
    /// <see cref="Errno.Invalid"/> where no ring can take it: the log has no bitmaps, or <see cref="SavesTables"/> is not raised. KVM warns then, and the page is lost.
    /// None also if the slot is not logged.
    /// </returns>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The slot has no such page.</exception>
    public Errno RecordWithoutVcpu(MemorySlot slot, ulong offset)
    {
        ArgumentNullException.ThrowIfNull(slot);
        if (Machine.Memory.FindById(slot.Id) != slot)
            throw new ArgumentException("The slot is not the machine's.", nameof(slot));
        if (offset >= slot.PageCount)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"The slot has {slot.PageCount} pages.");
        if (!slot.LogsDirtyPages)
            return Errno.None;
        if (_bitmaps.Length == 0 || !SavesTables)
            return Errno.Invalid;
        _bitmaps[slot.Ordinal].Mark(offset);
        return Errno.None;
    }

    /// <summary>The vCPUs' rings, by the vCPU's number. Their harvesting and resetting ends are this log's.</summary>
    internal IReadOnlyList<DirtyRing> Rings => _rings;

    /// <inheritdoc/>
    public override ulong BookkeepingBytes =>
        ((ulong)_rings.Length * (ulong)_rings[0].Capacity * DirtyGfn.SizeInBytes)
        + (_bitmaps.Length == 0 ? 0 : Machine.Memory.Slots.Aggregate(0UL, (sum, slot) => sum + ((slot.PageCount + 63) / 64 * sizeof(ulong))));

    /// <inheritdoc/>
    public override bool CanRecord(Vcpu vcpu) => RingOf(vcpu).Producer.Room > 0;

    /// <inheritdoc/>
    public override void Record(Vcpu vcpu, MemorySlot slot, ulong offset)
    {
        ArgumentNullException.ThrowIfNull(slot);
        switch (RingOf(vcpu).Producer.TryPush(slot.Id, offset))
        {
            case PushResult.SoftFull:
                vcpu.RequestHarvest();
                break;
            case PushResult.Full:
                throw new InvalidOperationException("The vCPU's ring is full; ask CanRecord first.");
        }
    }

    /// <inheritdoc/>
    public override bool NeedsHarvest(Vcpu vcpu) => RingOf(vcpu).Producer.IsSoftFull;

    private protected override void Collect<TSink>(ref TSink sink)
    {
        Machine.Mmu.BringInRecords();
        foreach (DirtyRing ring in _rings)
        {
            // Nothing is copied out: the reset reads the entries once more, checks them against the slots, and hands on what is left.
            var harvested = default(ReleasingSink);
            int entries = ring.Harvester.Harvest(ref harvested);
            var target = new Target<TSink>(this, ref sink);
            ResetResult reset = ring.Resetter.Reset(ref target);
            Book((uint)reset.Entries, (ulong)(entries + reset.Entries) * DirtyGfn.SizeInBytes, (uint)reset.RefusedPages);
        }

        if (_bitmaps.Length == 0)
            return;
        foreach (MemorySlot slot in Machine.Memory.Slots)
        {
            var collector = new Collector<TSink>(this, slot, ref sink);
            _bitmaps[slot.Ordinal].HarvestMasks(ref collector);
            Book(collector.Pages, bytesTouched: (slot.PageCount + 63) / 64 * sizeof(ulong));
        }
    }

    private protected override void Free()
    {
        foreach (DirtyRing ring in _rings)
            ring.Dispose();
        foreach (DirtyBitmap bitmap in _bitmaps)
            bitmap.Dispose();
    }

    private DirtyRing RingOf(Vcpu vcpu)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        return _rings[vcpu.Id];
    }

    private struct ReleasingSink : IDirtyEntrySink
    {
        public readonly void Accept(uint slot, ulong offset)
        {
        }
    }

    private ref struct Collector<TSink>(RingDirtyLog log, MemorySlot slot, ref TSink sink) : IDirtyMaskSink
        where TSink : struct, IDirtyPageSink
    {
        private readonly ref TSink _sink = ref sink;

        public ulong Pages { get; private set; }

        public void Accept(ulong firstPage, ulong mask)
        {
            log.Protect(slot, firstPage, mask);
            Pages += (uint)BitOperations.PopCount(mask);
            _sink.Accept(slot, firstPage, mask);
        }
    }

    private ref struct Target<TSink>(RingDirtyLog log, ref TSink sink) : IResetTarget
        where TSink : struct, IDirtyPageSink
    {
        private readonly ref TSink _sink = ref sink;
        private MemorySlot? _slot;

        public ulong PagesIn(uint slot)
        {
            if (_slot?.Id != slot)
                _slot = log.Machine.Memory.FindById(slot);
            return _slot?.PageCount ?? 0;
        }

        public readonly void Reset(uint slot, ulong baseOffset, ulong mask)
        {
            log.Protect(_slot!, baseOffset, mask);
            _sink.Accept(_slot!, baseOffset, mask);
        }
    }
}
