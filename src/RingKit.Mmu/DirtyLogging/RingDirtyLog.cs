using RingKit.Bitmaps;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Memory;
using RingKit.Mmu.DirtyLogging.Sinks;
using RingKit.Mmu.DirtyLogging.Writes;
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
    private readonly VcpulessRing? _vcpulessRing;
    private readonly Lock _warnings = new();
    private ulong _unexpectedWrites;

    // How the pages of the last stretch lay: those of the next one will lie like them.
    private bool _areScattered = true;
    private uint _savesTables;

    /// <summary>Makes a log for a machine that has none. It records from <see cref="MachineDirtyLog.Start"/> on.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="ringEntries">Entries of each vCPU's ring: a power of two. KVM's own limits are <see cref="DirtyRingSize.Check"/>'s.</param>
    /// <param name="reservedEntries">
    /// Entries above the soft limit, less than the ring's. Where processors have modification logs of 512 pages, so many come on top.
    /// </param>
    /// <param name="vcpulessWrites">Where pages go that are written while no vCPU runs. A ring of their own is as large as a vCPU's.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentException">The machine has a hashed page table.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The entries or the reserve are out of range.</exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    public RingDirtyLog(
        VirtualMachine machine, int ringEntries = 4096, int reservedEntries = DirtyRing.DefaultReservedEntries,
        VcpulessWrites vcpulessWrites = VcpulessWrites.Refuse)
        : base(machine)
    {
        if (!Enum.IsDefined(vcpulessWrites))
        {
            throw new ArgumentOutOfRangeException(
                nameof(vcpulessWrites), vcpulessWrites, $"The writes go one of these ways: {string.Join(", ", Enum.GetNames<VcpulessWrites>())}.");
        }

        // What a processor has recorded by itself comes at one exit: KVM's reserve is 64 entries and its cpu_dirty_log_size.
        int reserve = reservedEntries + machine.Mmu.RecordsPerExit;
        DirtyRing.CheckCapacity(ringEntries, nameof(ringEntries));
        DirtyRing.CheckReserve(reserve, ringEntries);
        _rings = [.. machine.Vcpus.Select(_ => MakeRing(ringEntries, reserve))];
        VcpulessWrites = vcpulessWrites;
        _bitmaps = vcpulessWrites == VcpulessWrites.Bitmap ? [.. machine.Memory.Slots.Select(slot => new DirtyBitmap(slot.PageCount))] : [];
        _vcpulessRing = vcpulessWrites == VcpulessWrites.LockedRing ? new VcpulessRing(machine, ringEntries, reservedEntries) : null;
        Attach();
    }

    /// <inheritdoc/>
    public override string Name => "ring";

    /// <summary>Where pages go that are written while no vCPU runs.</summary>
    public VcpulessWrites VcpulessWrites { get; }

    /// <summary>
    /// Whether a device of the machine writes the guest's memory by itself just now, as the GIC's ITS does when it saves its tables: writes without a vCPU
    /// are expected then, and
    /// are not counted in <see cref="UnexpectedWrites"/>. It decides no more than that. Any thread.
    /// </summary>
    public bool SavesTables
    {
        get => HardwareOrdering.LoadAcquire(ref _savesTables) != 0;
        set => HardwareOrdering.StoreRelease(ref _savesTables, value ? 1u : 0);
    }

    /// <summary>Writes without a vCPU while <see cref="SavesTables"/> was not raised: KVM warns of the first.</summary>
    public ulong UnexpectedWrites
    {
        get
        {
            lock (_warnings)
                return _unexpectedWrites;
        }
    }

    /// <summary>
    /// How often vCPU 0 was asked to leave the guest because <see cref="VcpulessWrites.LockedRing"/> was soft full: what it pays for others' writes.
    /// </summary>
    public ulong KicksOfVcpu0 => _vcpulessRing?.Kicks ?? 0;

    /// <summary>Records a page that was written without a vCPU. Any thread, after the write.</summary>
    /// <param name="slot">A slot of the machine.</param>
    /// <param name="offset">Page index inside the slot.</param>
    /// <returns>
    /// <see cref="Errno.Invalid"/> where nothing can take it (<see cref="VcpulessWrites.Refuse"/>: KVM warns, and the page is lost); <see cref="Errno.Busy"/>
    /// if the ring for such pages is full
    /// until a harvest. In both cases the caller still owns the page. None also if the slot is not logged.
    /// </returns>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The slot has no such page.</exception>
    public Errno RecordWithoutVcpu(MemorySlot slot, ulong offset)
    {
        CheckPage(slot, offset);
        HardwareOrdering.FullFence();                                                 // E90: stored, then look whether it is logged
        using Lock.Scope scope = EnterRecorders();
        if (!slot.LogsDirtyPages)
            return Errno.None;
        if (!SavesTables)
        {
            lock (_warnings)
                _unexpectedWrites++;
        }

        Errno error = _bitmaps.Length == 0 ? Errno.Invalid : Errno.None;
        if (_vcpulessRing is not null)
            error = _vcpulessRing.Push(slot, offset);
        else if (error == Errno.None)
            _bitmaps[slot.Ordinal].Mark(offset);
        if (error == Errno.None)
            CountRecordWithoutVcpu();
        return error;
    }

    /// <summary>The vCPUs' rings, by the vCPU's number. Their harvesting and resetting ends are this log's.</summary>
    internal IReadOnlyList<DirtyRing> Rings => _rings;

    /// <inheritdoc/>
    public override ulong BookkeepingBytes =>
        ((ulong)(_rings.Length + (_vcpulessRing is null ? 0 : 1)) * (ulong)_rings[0].Capacity * DirtyGfn.SizeInBytes)
        + (_bitmaps.Length == 0 ? 0 : Machine.Memory.Slots.Aggregate(0UL, (sum, slot) => sum + slot.BitmapBytes));

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
    public override bool NeedsHarvest(Vcpu vcpu) => RingOf(vcpu).Producer.IsSoftFull || _vcpulessRing?.NeedsHarvest(vcpu) == true;

    private protected override void Collect<TSink>(ref TSink sink)
    {
        Machine.Mmu.BringInRecords();
        foreach (DirtyRing ring in _rings)
            Collect(ring, ref sink);

        if (_vcpulessRing is not null)
        {
            var target = new ProtectingTarget<TSink>(this, Machine.Memory, ref sink);
            ResetResult reset = _vcpulessRing.Collect(ref target);
            Book((uint)reset.Entries, 2 * (ulong)reset.Entries * DirtyGfn.SizeInBytes, (uint)reset.RefusedPages);
        }

        if (_bitmaps.Length == 0)
            return;
        foreach (MemorySlot slot in Machine.Memory.Slots)
        {
            var collector = new ProtectingCollector<TSink>(this, slot, ref sink);
            _bitmaps[slot.Ordinal].HarvestMasks(ref collector);
            Book(collector.Pages, bytesTouched: slot.BitmapBytes);
        }
    }

    private protected override void Free()
    {
        foreach (DirtyRing ring in _rings)
            ring.Dispose();
        _vcpulessRing?.Dispose();
        foreach (DirtyBitmap bitmap in _bitmaps)
            bitmap.Dispose();
    }

    // So many at a time that what the page table was asked for at the harvest is still near at the reset. And never more than the ring holds, as vCPUs fill again what is
    // freed here: all that was recorded before is among those.
    private void Collect<TSink>(DirtyRing ring, ref TSink sink)
        where TSink : struct, IDirtyPageSink
    {
        const int Stretch = 256;
        var announced = new AnnouncingSink(Machine);
        var released = default(ReleasingSink);
        var target = new ProtectingTarget<TSink>(this, Machine.Memory, ref sink);
        int harvested, left = ring.Capacity;
        do
        {
            // Nothing is copied out: the reset reads the entries once more, checks them against the slots, and hands on what is left.
            harvested = _areScattered ? ring.Harvester.Harvest(ref announced, Stretch) : ring.Harvester.Harvest(ref released, Stretch);
            left -= harvested;
            ResetResult reset = ring.Resetter.Reset(ref target);
            _areScattered = AnnouncingSink.Pays(reset, _areScattered);
            Book((uint)reset.Entries, (ulong)(harvested + reset.Entries) * DirtyGfn.SizeInBytes, (uint)reset.RefusedPages);
        }
        while (harvested == Stretch && left > 0);
    }

    // All of its memory is there from the start, as KVM's is: a first lap meets no faults of the host.
    private static DirtyRing MakeRing(int entries, int reserve)
    {
        using var block = new NativeBlock<DirtyGfn>((nuint)entries, alignment: (nuint)Environment.SystemPageSize);
        block.Touch();
        return new DirtyRing(block.View, reserve);
    }

    private DirtyRing RingOf(Vcpu vcpu)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        return _rings[vcpu.Id];
    }
}
