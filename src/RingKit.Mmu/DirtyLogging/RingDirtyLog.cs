using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Mmu.Guest;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>A dirty log that keeps a ring for each vCPU: KVM's KVM_CAP_DIRTY_LOG_RING with KVM_RESET_DIRTY_RINGS.</summary>
/// <remarks>
/// A harvest costs what was dirtied, not what exists. A vCPU whose ring reaches its soft limit leaves the guest with
/// <see cref="VcpuExit.DirtyRingFull"/> until a harvest has made room; nothing is ever dropped.
/// </remarks>
public sealed class RingDirtyLog : WriteProtectingLog
{
    private readonly DirtyRing[] _rings;

    /// <summary>Makes a log for a machine that has none. It records from <see cref="MachineDirtyLog.Start"/> on.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="ringEntries">Entries of each vCPU's ring: a power of two. KVM's own limits are <see cref="DirtyRingSize.Check"/>'s.</param>
    /// <param name="reservedEntries">
    /// Entries above the soft limit, less than the ring's. Where processors have modification logs of 512 pages, so many come on top.
    /// </param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentException">The machine has a hashed page table.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The entries or the reserve are out of range.</exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    public RingDirtyLog(VirtualMachine machine, int ringEntries = 4096, int reservedEntries = DirtyRing.DefaultReservedEntries)
        : base(machine)
    {

        // What a processor has recorded by itself comes at one exit: KVM's reserve is 64 entries and its cpu_dirty_log_size.
        int reserve = reservedEntries + machine.Mmu.RecordsPerExit;
        _rings = [.. machine.Vcpus.Select(_ => new DirtyRing(ringEntries, reserve))];
        machine.Attach(this);
    }

    /// <inheritdoc/>
    public override string Name => "ring";

    /// <summary>The vCPUs' rings, by the vCPU's number. Their harvesting and resetting ends are this log's.</summary>
    internal IReadOnlyList<DirtyRing> Rings => _rings;

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
    }

    private protected override void Free()
    {
        foreach (DirtyRing ring in _rings)
            ring.Dispose();
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
