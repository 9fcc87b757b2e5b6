using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.DirtyLogging.Sinks;
using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging;

/// <summary>A dirty log as KVM keeps it for each slot: GET_DIRTY_LOG and CLEAR_DIRTY_LOG in all their modes, for one who asks as KVM's user does and as a log like others.</summary>
/// <remarks>
/// A harvest is a fetch of each slot, and with <see cref="Memslots.ManualProtect.Enabled"/> a clear of what it had; each flushes once if it protected anything.
/// With <see cref="Memslots.ManualProtect.InitiallySet"/> the first harvest has all pages, those included that were never written. A record always has room.
/// Source: KVM_GET_DIRTY_LOG, KVM_CLEAR_DIRTY_LOG, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2.
/// </remarks>
public sealed class MemslotDirtyLog : WriteProtectingLog
{
    /// <summary>KVM_USER_MEM_SLOTS of x86: a slot id from here on is refused, unless there is such a slot.</summary>
    public const uint MaximumSlots = 32764;

    private readonly MemslotLog<HardwareOrdering>[] _logs;
    private readonly MemslotLogOptions _options;
    private ManualProtect _manualProtect;

    /// <summary>Makes a log for a machine that has none. It records from <see cref="MachineDirtyLog.Start"/> on.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="options">How it is fetched and cleared; by default automatically, with exact protection.</param>
    /// <exception cref="ArgumentNullException">There is no machine.</exception>
    /// <exception cref="ArgumentException">The machine has a hashed page table, or shadow mappings.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    public MemslotDirtyLog(VirtualMachine machine, MemslotLogOptions? options = null)
        : base(machine)
    {
        _options = options ?? new MemslotLogOptions();
        MemslotLogOptions.Check(_options);
        _manualProtect = _options.ManualProtect;
        _logs = [.. machine.Memory.Slots.Select(slot => new MemslotLog<HardwareOrdering>(slot.PageCount, _options))];
        Attach();
    }

    /// <inheritdoc/>
    public override string Name => _options switch
    {
        { ManualProtect: ManualProtect.None } => "memslot",
        { ManualProtect: ManualProtect.Enabled } => "memslot-manual",
        _ => "memslot-initially-set",
    };

    /// <summary>Who takes pages out of the log.</summary>
    public ManualProtect ManualProtect
    {
        get
        {
            using VcpuSafeScope scope = EnterSlots();
            return _manualProtect;
        }
    }

    /// <summary>Changes who takes pages out of the log, at any time: KVM_ENABLE_CAP of KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2.</summary>
    /// <param name="bits">The bits of <see cref="Memslots.ManualProtect"/>.</param>
    /// <returns><see cref="Errno.Invalid"/> for <see cref="ManualProtect.InitiallySet"/> alone, and for unknown bits.</returns>
    public Errno EnableManualProtect(ulong bits)
    {
        if (bits > int.MaxValue || !MemslotLogOptions.IsSupported((ManualProtect)bits))
            return Errno.Invalid;
        using VcpuSafeScope scope = EnterSlots();
        _manualProtect = (ManualProtect)bits;
        foreach (MemslotLog<HardwareOrdering> log in _logs)
            log.ManualProtect = _manualProtect;
        return Errno.None;
    }

    /// <summary>Fetches a slot's log: KVM_GET_DIRTY_LOG. In automatic mode its pages are taken out and protected, and may be read when it returns.</summary>
    /// <param name="slot">Any value: address space id in bits 16..31, slot id in bits 0..15.</param>
    /// <param name="bitmap">Gets KVM's bytes: <see cref="Bitmaps.Operations.KvmBitmap.ByteLength"/> of the slot's pages; those behind stay as they are.</param>
    /// <returns>
    /// <see cref="Errno.Invalid"/> for an id out of range; <see cref="Errno.NoEntry"/> if there is no such slot, or the log is off;
    /// <see cref="Errno.BadAddress"/> if the bytes are too few (see <see cref="MemslotLogOptions.KeepsLogOnBadAddress"/>).
    /// </returns>
    public Errno GetDirtyLog(uint slot, Span<byte> bitmap)
    {
        using VcpuSafeScope scope = EnterSlots();
        if (Machine.Memory.FindById(slot) is not { } found)
            return IsInRange(slot) ? Errno.NoEntry : Errno.Invalid;
        MachineProtection protection = ProtectionOf(found);
        return _logs[found.Ordinal].Get(ref protection, bitmap);
    }

    /// <summary>Takes pages out of a slot's log and protects those that were in it: KVM_CLEAR_DIRTY_LOG. They may be read when it returns.</summary>
    /// <param name="slot">Any value: address space id in bits 16..31, slot id in bits 0..15.</param>
    /// <param name="firstPage">A multiple of 64.</param>
    /// <param name="pageCount">A multiple of 64, or as many as there are to the slot's end; may be 0.</param>
    /// <param name="bitmap">KVM's bytes: bit 0 stands for <paramref name="firstPage"/>. Bits beyond the slot are ignored.</param>
    /// <returns>
    /// In KVM's order: <see cref="Errno.Invalid"/> for an id out of range, or a first page within a word; <see cref="Errno.NoEntry"/> if there is no such slot, or
    /// the log is off; <see cref="Errno.Invalid"/> for a range that leaves the slot or ends within a word; <see cref="Errno.BadAddress"/> if the bytes are too few.
    /// </returns>
    public Errno ClearDirtyLog(uint slot, ulong firstPage, uint pageCount, ReadOnlySpan<byte> bitmap)
    {
        using VcpuSafeScope scope = EnterSlots();
        if (Machine.Memory.FindById(slot) is not { } found)
            return IsInRange(slot) && firstPage % 64 == 0 ? Errno.NoEntry : Errno.Invalid;
        MachineProtection protection = ProtectionOf(found);
        return _logs[found.Ordinal].Clear(ref protection, firstPage, pageCount, bitmap);
    }

    /// <inheritdoc/>
    public override ulong BookkeepingBytes => _logs.Aggregate(0UL, (sum, log) => sum + (2 * log.ByteLength));

    /// <inheritdoc/>
    public override bool CanRecord(Vcpu vcpu) => true;

    /// <inheritdoc/>
    public override void Record(Vcpu vcpu, MemorySlot slot, ulong offset)
    {
        ArgumentNullException.ThrowIfNull(slot);
        _logs[slot.Ordinal].Mark(offset);
    }

    /// <inheritdoc/>
    public override bool NeedsHarvest(Vcpu vcpu) => false;

    internal override void BringInWritesWithoutVcpu(MemorySlot slot)
    {
        var marker = new MemslotMarker(_logs[slot.Ordinal]);
        CollectWritesWithoutVcpu(slot, ref marker);
        CollectReturned(slot, ref marker);
    }

    private protected override void Begin(ReadOnlySpan<MemorySlot> slots)
    {
        foreach (MemorySlot slot in slots)
        {
            MachineProtection protection = ProtectionOf(slot);
            _logs[slot.Ordinal].Start(ref protection);
        }
    }

    private protected override void ForgetAll()
    {
        foreach (MemslotLog<HardwareOrdering> log in _logs)
            log.Stop();
    }

    private protected override void ForgetSlot(MemorySlot slot) => _logs[slot.Ordinal].Stop();

    private protected override void Collect<TSink>(ref TSink sink)
    {
        foreach (MemorySlot slot in Machine.Memory.Slots)
        {
            MemslotLog<HardwareOrdering> log = _logs[slot.Ordinal];
            MachineProtection protection = ProtectionOf(slot);
            var collector = new SlotMaskSink<TSink>(slot, ref sink);
            ulong pages = log.Deliver(ref protection, ref collector);
            Book(pages, bytesTouched: log.IsOn ? log.ByteLength : 0);
        }
    }

    private protected override void Free()
    {
        foreach (MemslotLog<HardwareOrdering> log in _logs)
            log.Dispose();
    }

    private static bool IsInRange(uint slot) => slot < MaximumSlots;

    private MachineProtection ProtectionOf(MemorySlot slot) => new(this, Machine, slot, _options.Protection);
}
