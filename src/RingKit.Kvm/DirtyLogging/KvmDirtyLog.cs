using System.Collections.Immutable;
using RingKit.DirtyRings;
using RingKit.Memory;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Migration.Running;
using RingKit.Ordering;

namespace RingKit.Kvm.DirtyLogging;

/// <summary>The dirty log of a real guest: what the kernel has recorded of the stores of its vCPUs, behind the interface of all logs.</summary>
/// <remarks>
/// The log of a <see cref="VirtualMachine"/> whose memory a <see cref="KvmMachine"/> runs: the one has the slots, the books, what devices and the host write,
/// and what harvests put back; the other runs the vCPUs. The machine's own vCPUs, which are simulated, never run: they only have the numbers of KVM's.
/// <para>
/// A harvest of rings kicks the vCPUs out of the guest, takes the entries where they lie, and has the kernel reset as many, with signals blocked. Of bitmaps it
/// fetches each slot's, and in manual mode clears what the sink took. Either way the pages may be read when it has returned. A slot that was deleted has no log
/// any more; entries of it in rings are taken all the same.
/// </para>
/// <para>Thread role: as <see cref="IDirtyLog"/>.</para>
/// Sources: KVM_GET_DIRTY_LOG, KVM_CLEAR_DIRTY_LOG, KVM_RESET_DIRTY_RINGS; docs/kvm.md.
/// </remarks>
public sealed partial class KvmDirtyLog : MachineDirtyLog, IFullRingServer
{
    private readonly KvmMachine _kvm;
    private readonly ImmutableArray<KvmVcpu> _vcpus;
    private readonly KvmGuestOptions? _options;
    private KvmLogForm _form;

    // For each slot what was fetched of its log; none before there are bitmaps.
    private NativeBlock<ulong>[] _bitmaps = [];
    private readonly ulong _slotPages;
    private long _servedRings;

    /// <summary>Makes a log for a machine that has none. It records from <see cref="MachineDirtyLog.Start"/> on.</summary>
    /// <param name="machine">The machine, with as many vCPUs as the kernel's.</param>
    /// <param name="kvm">The kernel's machine, which has all slots of the other, by their ids, over their memory; it is disposed after the log.</param>
    /// <param name="form">The form, for which the kernel's machine has rings or not.</param>
    /// <exception cref="ArgumentNullException">A machine is missing.</exception>
    /// <exception cref="ArgumentException">The numbers of vCPUs differ, or the kernel's machine has rings and the form none, or the other way round.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such form.</exception>
    /// <exception cref="InvalidOperationException">The machine has a dirty log already.</exception>
    /// <exception cref="KvmException">The kernel does not have the form.</exception>
    public KvmDirtyLog(VirtualMachine machine, KvmMachine kvm, KvmLogForm form)
        : this(machine, kvm, form, options: null)
    {
    }

    /// <summary>Makes a log that can move: the options say into what.</summary>
    internal KvmDirtyLog(VirtualMachine machine, KvmMachine kvm, KvmGuestOptions options)
        : this(machine, kvm, options.Form, options)
    {
    }

    private KvmDirtyLog(VirtualMachine machine, KvmMachine kvm, KvmLogForm form, KvmGuestOptions? options)
        : base(machine)
    {
        ArgumentNullException.ThrowIfNull(kvm);
        CheckForm(form);
        _kvm = kvm;
        _vcpus = kvm.Vcpus;
        _form = form;
        _options = options;
        _slotPages = machine.Memory.Slots.Aggregate(0UL, (sum, slot) => sum + slot.PageCount);
        if (_vcpus.Length != machine.Vcpus.Length)
            throw new ArgumentException($"The machine has {machine.Vcpus.Length} vCPUs, and the kernel's {_vcpus.Length}.", nameof(kvm));
        if (kvm.RingEntries != 0 != HasRings)
            throw new ArgumentException($"The kernel's machine has {(HasRings ? "no rings" : "rings, and so no bitmaps")}.", nameof(kvm));

        if (!HasRings)
        {
            EnableManualProtect(kvm, form);
            MakeBitmaps();
        }

        Attach();
    }

    /// <inheritdoc/>
    public override string Name => _options?.Rule is null ? NameOf(Form) : AdaptiveName;

    /// <summary>The name of a form's log.</summary>
    /// <param name="form">A form.</param>
    public static string NameOf(KvmLogForm form) => form switch
    {
        KvmLogForm.Ring => "kvm-ring",
        KvmLogForm.Bitmap => "kvm-bitmap",
        KvmLogForm.Manual => "kvm-manual",
        _ => "kvm-initially-set",
    };

    /// <summary>Bytes of the rings; or of the kernel's bitmaps, of which it has two for each slot, and of the one here.</summary>
    public override ulong BookkeepingBytes
    {
        get
        {
            using VcpuSafeScope scope = EnterSlots();
            return HasRings
                ? (ulong)_vcpus.Length * (ulong)_kvm.RingEntries * DirtyGfn.SizeInBytes
                : Machine.Memory.Slots.Aggregate(0UL, (sum, slot) => sum + (3 * slot.BitmapBytes));
        }
    }

    /// <summary>How often a full ring was emptied for its vCPU: <see cref="ServeFullRing"/>.</summary>
    public long ServedRings
    {
        get
        {
            using VcpuSafeScope scope = EnterSlots();
            return _servedRings;
        }
    }

    private bool HasRings => _form == KvmLogForm.Ring;

    /// <summary>Never: it is the kernel that records, and the stores of its own vCPUs alone.</summary>
    /// <inheritdoc/>
    public override bool CanRecord(Vcpu vcpu) => false;

    /// <inheritdoc/>
    public override void Record(Vcpu vcpu, MemorySlot slot, ulong offset) =>
        throw new InvalidOperationException("The kernel records the stores of its own vCPUs alone. What others store is recorded by the machine: see RecordHostWrite.");

    /// <summary>Whether the kernel's vCPU of the same number has left the guest because its ring is full, and no harvest has made room since.</summary>
    /// <inheritdoc/>
    public override bool NeedsHarvest(Vcpu vcpu)
    {
        ArgumentNullException.ThrowIfNull(vcpu);
        return _vcpus[vcpu.Id].IsRingFull;
    }

    /// <summary>Makes room in the rings, if that of a vCPU is full: what is in them goes into the log itself, and is in the next harvest.</summary>
    /// <inheritdoc/>
    public void ServeFullRing(Vcpu vcpu)
    {
        using VcpuSafeScope scope = EnterSlots();
        ObjectDisposedException.ThrowIf(Machine.DirtyLog != this, this);
        if (!NeedsHarvest(vcpu))
            return;
        var aside = new AsideSink(this);
        CollectRings(ref aside);
        _servedRings++;
    }

    private protected override void StartLocked()
    {
        foreach (MemorySlot slot in Machine.Memory.Slots)
            slot.LogsDirtyPages = true;
        HardwareOrdering.FullFence();                                                 // E90: the flag, and then whatever was stored before
        foreach (MemorySlot slot in Machine.Memory.Slots)
        {
            Errno error = _kvm.SetSlotTraits(slot.Id, KvmSlotTraits.LogDirtyPages);
            if (error is Errno.None or Errno.NoEntry)
                continue;
            StopLocked();
            throw new KvmException($"Logging of slot {slot.Id}", error);
        }
    }

    private protected override void StopLocked()
    {
        foreach (MemorySlot slot in Machine.Memory.Slots)
        {
            slot.LogsDirtyPages = false;
            if (!_kvm.IsDisposed)
                _kvm.SetSlotTraits(slot.Id, KvmSlotTraits.None);
        }

        // The bitmaps are gone with the flags.
        if (HasRings && !_kvm.IsDisposed)
            Forget();
    }

    private protected override void Collect<TSink>(ref TSink sink)
    {
        if (HasRings)
        {
            CollectRings(ref sink);
            return;
        }

        foreach (MemorySlot slot in Machine.Memory.Slots)
            CollectBitmap(slot, ref sink);
    }

    private protected override void Free()
    {
        foreach (NativeBlock<ulong> bitmap in _bitmaps)
            bitmap.Dispose();
    }

    private static void CheckForm(KvmLogForm form)
    {
        if (!Enum.IsDefined(form))
            throw new ArgumentOutOfRangeException(nameof(form), form, $"The forms are {string.Join(", ", Enum.GetNames<KvmLogForm>())}.");
    }

    private static void EnableManualProtect(KvmMachine kvm, KvmLogForm form)
    {
        ManualProtect wanted = form switch
        {
            KvmLogForm.Manual => ManualProtect.Enabled,
            KvmLogForm.InitiallySet => ManualProtect.Enabled | ManualProtect.InitiallySet,
            _ => ManualProtect.None,
        };
        Errno error = kvm.EnableCap(KvmCapability.ManualDirtyLogProtect2, (ulong)wanted);

        // A kernel without the capability has the automatic mode alone.
        if (error != Errno.None && wanted != ManualProtect.None)
            throw new KvmException("KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2", error);
    }

    private void MakeBitmaps()
    {
        if (_bitmaps.Length == 0)
            _bitmaps = [.. Machine.Memory.Slots.Select(slot => new NativeBlock<ulong>((nuint)(slot.BitmapBytes / sizeof(ulong))))];
    }

    private void Book(ulong entries, ulong bytes, ulong resetCalls, ulong refusedPages = 0)
    {
        ResetCalls += resetCalls;
        _roundEntries += entries;
        Books = Books with
        {
            Entries = Books.Entries + entries,
            BytesTouched = Books.BytesTouched + bytes,
            RefusedPages = Books.RefusedPages + refusedPages,
        };
    }

    // From the rings into the log itself.
    private readonly struct AsideSink(KvmDirtyLog log) : IDirtyPageSink
    {
        public void Accept(MemorySlot slot, ulong baseOffset, ulong mask) => log.SetAside(slot, baseOffset, mask);
    }
}
