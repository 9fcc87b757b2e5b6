using RingKit.DirtyRings;
using RingKit.Mmu.DirtyLogging.Memslots;

namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>What a machine's user has agreed upon with KVM: KVM_CHECK_EXTENSION and KVM_ENABLE_CAP, for the capabilities of dirty logging.</summary>
/// <remarks>
/// Thread role: any thread. Rings are agreed upon before there are vCPUs, and bitmaps beside them before there are slots: a <see cref="KvmVm"/> counts both,
/// and a
/// <see cref="KvmDirtyLog"/> that takes these capabilities sets the counts to its machine's. Source: KVM's generic capabilities.
/// </remarks>
public sealed class KvmCapabilities
{
    private const int MaximumRingBytes = (int)DirtyRingSize.MaximumEntries * DirtyGfn.SizeInBytes;

    // kvm->lock and slots_lock, in one.
    private readonly Lock _gate = new();
    private ulong _ringBytes;
    private bool _hasBitmapsBesideRings;
    private ManualProtect _manualProtect;
    private bool _isTaken;
    private int _vcpus;
    private int _slots;

    /// <summary>Nothing is enabled, and there are no vCPUs and no slots.</summary>
    /// <param name="profile">The kind of host.</param>
    /// <param name="fidelity">Which of KVM's known defects it has.</param>
    /// <exception cref="ArgumentNullException">There is no profile.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value of the profile is out of its range, or there is no such defect.</exception>
    public KvmCapabilities(KvmProfile profile, KvmFidelity fidelity = KvmFidelity.Safe)
    {
        KvmProfile.Check(profile);
        if ((fidelity & ~KvmFidelity.Faithful) != KvmFidelity.Safe)
            throw new ArgumentOutOfRangeException(nameof(fidelity), fidelity, $"The defects are those of {KvmFidelity.Faithful}.");
        Profile = profile;
        Fidelity = fidelity;
    }

    /// <summary>The kind of host.</summary>
    public KvmProfile Profile { get; }

    /// <summary>Which of KVM's known defects it has.</summary>
    public KvmFidelity Fidelity { get; }

    /// <summary>How many entries each vCPU's ring has; 0 without rings.</summary>
    public int RingEntries
    {
        get
        {
            lock (_gate)
                return (int)(_ringBytes / DirtyGfn.SizeInBytes);
        }
    }

    /// <summary>Whether slots that are logged have bitmaps: there are no rings, or bitmaps beside them.</summary>
    public bool HasBitmaps
    {
        get
        {
            lock (_gate)
                return _ringBytes == 0 || _hasBitmapsBesideRings;
        }
    }

    /// <summary>Who takes pages out of the bitmaps.</summary>
    public ManualProtect ManualProtect
    {
        get
        {
            lock (_gate)
                return _manualProtect;
        }
    }

    /// <summary>What a capability offers: KVM_CHECK_EXTENSION.</summary>
    /// <param name="capability">Any value.</param>
    /// <returns>
    /// 0 if it is not there; the largest ring's size in bytes for either ring; the bits of <see cref="Memslots.ManualProtect"/>; 1 for bitmaps beside rings.
    /// </returns>
    public int CheckExtension(KvmCapability capability) => capability switch
    {
        KvmCapability.DirtyLogRing when Profile.OffersRing => MaximumRingBytes,
        KvmCapability.DirtyLogRingAcqRel when Profile.OffersRingAcqRel => MaximumRingBytes,
        KvmCapability.DirtyLogRingWithBitmap when Profile.OffersRingWithBitmap => 1,
        KvmCapability.ManualDirtyLogProtect2 => (int)Profile.ManualProtect,
        _ => 0,
    };

    /// <summary>Enables a capability: KVM_ENABLE_CAP. Nothing but manual protection can be changed or taken back.</summary>
    /// <param name="capability">Any value.</param>
    /// <param name="argument">
    /// Its args[0], any value: the size in bytes of each vCPU's ring (<see cref="DirtyRingSize"/>), or the bits of <see cref="Memslots.ManualProtect"/>; else
    /// it is not looked at.
    /// </param>
    /// <param name="flags">KVM does not look at a ring's; else they must be 0.</param>
    /// <returns>
    /// <see cref="Errno.Invalid"/> if it is not there, or not with this argument, or not any more: rings once there are rings or vCPUs, bitmaps beside them
    /// without rings or once there
    /// are slots; <see cref="Errno.TooBig"/> for a ring's size above the largest, which KVM looks at before it looks for rings and vCPUs.
    /// </returns>
    public Errno EnableCap(KvmCapability capability, ulong argument = 0, uint flags = 0)
    {
        lock (_gate)
        {
            return capability switch
            {
                KvmCapability.DirtyLogRing or KvmCapability.DirtyLogRingAcqRel => EnableRing(capability, argument),
                KvmCapability.DirtyLogRingWithBitmap => EnableBitmapsBesideRings(flags),
                KvmCapability.ManualDirtyLogProtect2 => EnableManualProtect(argument, flags),
                _ => Errno.Invalid,
            };
        }
    }

    internal bool Has(KvmFidelity defect) => (Fidelity & defect) != KvmFidelity.Safe;

    /// <summary>Learns how many vCPUs and slots there are now.</summary>
    internal void SetCounts(int vcpus, int slots)
    {
        lock (_gate)
            (_vcpus, _slots) = (vcpus, slots);
    }

    /// <summary>A log takes them, for a machine of so many vCPUs and slots; false if another has.</summary>
    internal bool TryTake(int vcpus, int slots)
    {
        lock (_gate)
        {
            if (_isTaken)
                return false;
            _isTaken = true;
            (_vcpus, _slots) = (vcpus, slots);
            return true;
        }
    }

    private Errno EnableRing(KvmCapability capability, ulong bytes)
    {
        if (CheckExtension(capability) == 0 || Profile.RingPageOffset == 0)
            return Errno.Invalid;
        if (Has(KvmFidelity.TruncatesRingSize))
            bytes = (uint)bytes;
        Errno error = DirtyRingSize.FromBytes(bytes).Check(Profile.PageSize, Profile.HardwareLogEntries);
        if (error != Errno.None)
            return error;
        if (_ringBytes != 0 || _vcpus != 0)
            return Errno.Invalid;
        _ringBytes = bytes;
        return Errno.None;
    }

    private Errno EnableBitmapsBesideRings(uint flags)
    {
        if (!Profile.OffersRingWithBitmap || _ringBytes == 0 || flags != 0 || _slots != 0)
            return Errno.Invalid;
        _hasBitmapsBesideRings = true;
        return Errno.None;
    }

    private Errno EnableManualProtect(ulong bits, uint flags)
    {
        if (flags != 0 || (bits & ~(ulong)Profile.ManualProtect) != 0 || !MemslotLogOptions.IsSupported((ManualProtect)bits))
            return Errno.Invalid;
        _manualProtect = (ManualProtect)bits;
        return Errno.None;
    }
}
