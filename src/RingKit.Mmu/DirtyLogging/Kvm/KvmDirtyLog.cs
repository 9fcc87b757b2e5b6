using RingKit.DirtyRings;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.DirtyLogging.Writes;
using RingKit.Mmu.Guest;
using RingKit.Ordering;

namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>
/// KVM's dirty log as its user sees it: the calls with their errors in KVM's order, over rings, bitmaps or both as they were agreed upon; and a log like
/// others.
/// </summary>
/// <remarks>
/// A harvest does what a careful user does: it kicks the vCPUs, harvests and resets all rings, and fetches (and in manual mode clears) the bitmaps last. It
/// never loses what rings and bitmaps
/// have, whatever <see cref="KvmCapabilities.Fidelity"/> is: the defects are those of the calls and of the pushes. It shares the ring's fetch index with
/// <see cref="MapRing"/>; so harvest
/// one way or the other.
/// <para>Thread role: as <see cref="IDirtyLog"/>, and the calls by any thread; they take turns.</para>
/// Sources: KVM_GET_DIRTY_LOG, KVM_CLEAR_DIRTY_LOG, KVM_RESET_DIRTY_RINGS, KVM_ENABLE_CAP; docs/dirty-logging.md.
/// </remarks>
public sealed partial class KvmDirtyLog : WriteProtectingLog
{
    private readonly KvmRing[] _rings = [];
    private readonly KvmRingMapping[] _mappings;
    private readonly VcpulessRing? _vcpulessRing;
    private readonly MemslotLog<HardwareOrdering>[] _logs;
    private readonly bool _hasBitmaps;

    // What writers without a vCPU have to take turns for. Nobody waits for anything in it.
    private readonly Lock _warnings = new();
    private ulong _droppedWrites;
    private ulong _unprotectedPages;

    /// <summary>
    /// Makes a log for a machine that has none. It records from <see cref="MachineDirtyLog.Start"/> on, or from <see cref="SetLogging"/> of a slot.
    /// </summary>
    /// <param name="machine">The machine.</param>
    /// <param name="capabilities">
    /// What was agreed upon before the machine had vCPUs; no other log's. They count the machine's vCPUs and slots from now on.
    /// </param>
    /// <exception cref="ArgumentNullException">There is no machine, or there are no capabilities.</exception>
    /// <exception cref="ArgumentException">
    /// The machine has a hashed page table or shadow mappings, or another log has the capabilities, or the machine's processors log more pages by themselves
    /// than
    /// <see cref="KvmProfile.HardwareLogEntries"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    public KvmDirtyLog(VirtualMachine machine, KvmCapabilities capabilities)
        : this(machine, capabilities, startIndex: 0)
    {
    }

    /// <summary>The same, with indices of the rings that begin anywhere.</summary>
    internal KvmDirtyLog(VirtualMachine machine, KvmCapabilities capabilities, uint startIndex)
        : base(machine)
    {
        ArgumentNullException.ThrowIfNull(capabilities);
        int entries = capabilities.RingEntries;
        KvmProfile profile = capabilities.Profile;
        if (entries != 0 && machine.Mmu.RecordsPerExit > profile.HardwareLogEntries)
        {
            throw new ArgumentException(
                $"The machine's processors log {machine.Mmu.RecordsPerExit} pages by themselves, and the profile says {profile.HardwareLogEntries}.",
                nameof(capabilities));
        }

        if (machine.DirtyLog is not null)
            throw new InvalidOperationException("The machine has a dirty log already; dispose that one first.");
        if (!capabilities.TryTake(machine.Vcpus.Length, machine.Memory.Slots.Length))
            throw new ArgumentException("Another log has these capabilities already.", nameof(capabilities));
        Capabilities = capabilities;
        _hasBitmaps = capabilities.HasBitmaps;
        if (entries != 0)
            _rings = [.. machine.Vcpus.Select(_ => new KvmRing(entries, profile.ReservedEntries, capabilities.Fidelity, startIndex))];
        _mappings = [.. _rings.Select(ring => new KvmRingMapping(ring))];
        var options = new MemslotLogOptions { KeepsLogOnBadAddress = !capabilities.Has(KvmFidelity.BadAddressLosesPages) };
        _logs = [.. machine.Memory.Slots.Select(slot => new MemslotLog<HardwareOrdering>(slot.PageCount, options))];
        if (entries != 0 && !_hasBitmaps && !capabilities.Has(KvmFidelity.DropsVcpulessWrites))
            _vcpulessRing = new VcpulessRing(machine, entries, Math.Min(profile.ReservedEntries, entries - 1));
        Attach();
    }

    /// <inheritdoc/>
    public override string Name => (_rings.Length, _hasBitmaps) switch
    {
        (0, _) => "kvm-bitmap",
        (_, false) => "kvm-ring",
        _ => "kvm-ring-bitmap",
    };

    /// <inheritdoc/>
    public override ulong BookkeepingBytes
    {
        get
        {
            ulong bytes = (ulong)(_rings.Length + (_vcpulessRing is null ? 0 : 1)) * (ulong)Capabilities.RingEntries * DirtyGfn.SizeInBytes;
            return _hasBitmaps ? _logs.Aggregate(bytes, (sum, log) => sum + (2 * log.ByteLength)) : bytes;
        }
    }

    /// <summary>What was agreed upon. The way to change it while the log is there is <see cref="EnableCap"/>.</summary>
    public KvmCapabilities Capabilities { get; }

    /// <summary>What the defects have cost so far.</summary>
    public KvmLosses Losses
    {
        get
        {
            using VcpuSafeScope scope = EnterSlots();
            ulong overwritten = 0, unfetched = 0;
            foreach (KvmRing ring in _rings)
                overwritten += ring.Overwritten;
            foreach (MemslotLog<HardwareOrdering> log in _logs)
                unfetched += log.LostPages;
            lock (_warnings)
                return new KvmLosses(overwritten, _unprotectedPages, unfetched, _droppedWrites);
        }
    }

    /// <summary>How often vCPU 0 was asked to leave the guest because the machine's own ring was soft full: what it pays for others' writes.</summary>
    public ulong KicksOfVcpu0 => _vcpulessRing?.Kicks ?? 0;

    /// <summary>The vCPUs' rings, by the vCPU's number.</summary>
    internal IReadOnlyList<KvmRing> Rings => _rings;

    /// <summary>What a capability offers: KVM_CHECK_EXTENSION. See <see cref="KvmCapabilities.CheckExtension"/>.</summary>
    /// <param name="capability">Any value.</param>
    public int CheckExtension(KvmCapability capability) => Capabilities.CheckExtension(capability);

    /// <summary>Enables a capability: KVM_ENABLE_CAP. See <see cref="KvmCapabilities.EnableCap"/>; by now there are vCPUs and slots.</summary>
    /// <param name="capability">Any value.</param>
    /// <param name="argument">Its args[0], any value.</param>
    /// <param name="flags">Any value.</param>
    public Errno EnableCap(KvmCapability capability, ulong argument = 0, uint flags = 0)
    {
        using VcpuSafeScope scope = EnterSlots();
        return Capabilities.EnableCap(capability, argument, flags);
    }

    /// <summary>Raises or lowers a slot's KVM_MEM_LOG_DIRTY_PAGES, by KVM_SET_USER_MEMORY_REGION with nothing else changed.</summary>
    /// <param name="slot">Any value: address space id in bits 16..31, slot id in bits 0..15.</param>
    /// <param name="isLogged">
    /// True protects the slot's pages, or with <see cref="ManualProtect.InitiallySet"/> calls all of them dirty. False throws its bitmap away; entries in
    /// rings stay.
    /// </param>
    /// <returns><see cref="Errno.Invalid"/> for an id out of range, or if there is no such slot.</returns>
    public Errno SetLogging(uint slot, bool isLogged)
    {
        ObjectDisposedException.ThrowIf(Machine.DirtyLog != this, this);
        if (Find(slot, out MemorySlot? found) != Errno.None)
            return Errno.Invalid;
        if (isLogged)
            Start(found!);
        else
            Stop(found!);
        return Errno.None;
    }

    /// <summary>
    /// Has every vCPU leave the guest for a moment, so that what its processor has recorded by itself is in the rings and bitmaps: what a user does by
    /// signals before he harvests rings.
    /// GET and CLEAR do it themselves.
    /// </summary>
    public void KickVcpus()
    {
        using VcpuSafeScope scope = EnterSlots();
        ObjectDisposedException.ThrowIf(Machine.DirtyLog != this, this);
        Machine.Mmu.BringInRecords();
    }

    /// <inheritdoc/>
    public override bool CanRecord(Vcpu vcpu) => _rings.Length == 0 || RingOf(vcpu).HasRoom;

    /// <inheritdoc/>
    public override void Record(Vcpu vcpu, MemorySlot slot, ulong offset)
    {
        ArgumentNullException.ThrowIfNull(slot);
        if (_rings.Length == 0)
            _logs[slot.Ordinal].Mark(offset);
        else if (Push(vcpu, slot, offset) == PushResult.Full)
            throw new InvalidOperationException("The vCPU's ring is full; ask CanRecord first.");
    }

    /// <inheritdoc/>
    public override bool NeedsHarvest(Vcpu vcpu) => _rings.Length != 0 && (RingOf(vcpu).IsSoftFull || _vcpulessRing?.NeedsHarvest(vcpu) == true);

    /// <summary>
    /// Records a page that KVM itself, or a device, has written: KVM's mark_page_dirty_in_slot. Any thread, after the write. One that runs a vCPU pushes to
    /// that vCPU's ring, again with
    /// each write.
    /// </summary>
    /// <param name="slot">A slot of the machine.</param>
    /// <param name="offset">Page index inside the slot.</param>
    /// <returns>
    /// None if it is recorded, or the slot is not logged, or as in KVM it is dropped (<see cref="KvmFidelity.DropsVcpulessWrites"/>).
    /// <see cref="Errno.Busy"/> if there was no
    /// room in the machine's own ring, until <see cref="HarvestVmRing"/> or a harvest: the caller still owns the page.
    /// </returns>
    /// <exception cref="ArgumentNullException">There is no slot.</exception>
    /// <exception cref="ArgumentException">The slot is another machine's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The slot has no such page.</exception>
    public Errno MarkPageDirty(MemorySlot slot, ulong offset)
    {
        CheckPage(slot, offset);
        HardwareOrdering.FullFence();                                                 // E90: stored, then look whether it is logged
        using Lock.Scope scope = EnterRecorders();
        if (!slot.LogsDirtyPages)
            return Errno.None;
        if (!TryRecordWithoutVcpu(slot, offset, out Errno error))
        {
            lock (_warnings)
                _droppedWrites++;
        }
        else if (error == Errno.None)
        {
            CountRecordWithoutVcpu();
        }

        return error;
    }

    // False where nothing can take the page.
    private bool TryRecordWithoutVcpu(MemorySlot slot, ulong offset, out Errno error)
    {
        error = Errno.None;
        if (_rings.Length != 0 && Machine.CurrentVcpu is { } self && Push(self, slot, offset) != PushResult.Full)
            return true;
        if (_hasBitmaps)
            _logs[slot.Ordinal].Mark(offset);
        else if (_vcpulessRing is not null)
            error = _vcpulessRing.Push(slot, offset);
        else
            return false;
        return true;
    }

    // A slot that the machine has removed is none.
    private Errno Find(uint id, out MemorySlot? slot)
    {
        slot = Machine.Memory.FindById(id);
        if (!Capabilities.Profile.HasSlotId(id))
            return Errno.Invalid;
        return slot is null || slot.IsRemoved ? Errno.NoEntry : Errno.None;
    }

    private PushResult Push(Vcpu vcpu, MemorySlot slot, ulong offset)
    {
        PushResult result = RingOf(vcpu).Push(slot.Id, offset);
        if (result != PushResult.Pushed)
            vcpu.RequestHarvest();
        return result;
    }

    private KvmRing RingOf(Vcpu vcpu)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        return _rings[vcpu.Id];
    }
}
