using RingKit.Kvm.DirtyLogging.Adaptive;
using RingKit.Mmu.DirtyLogging.Kvm;

namespace RingKit.Kvm.DirtyLogging;

/// <summary>How a <see cref="KvmGuest"/> is made.</summary>
public sealed record KvmGuestOptions
{
    /// <summary>How many vCPUs, from 1.</summary>
    public int Vcpus { get; init; } = 1;

    /// <summary>How the kernel tells which pages are written.</summary>
    public KvmLogForm Form { get; init; } = KvmLogForm.Ring;

    /// <summary>
    /// Makes the log an adaptive one, named <see cref="KvmDirtyLog.AdaptiveName"/>: it begins with <see cref="Form"/>, and moves by the rule at the end of a
    /// harvest. A rule is one log's. Null for a log that keeps its form.
    /// </summary>
    public IKvmFormRule? Rule { get; init; }

    /// <summary>Entries of each vCPU's ring: a power of two, at least 256, and at most what the kernel offers, 65536. With Intel PML at least 1024.</summary>
    public int RingEntries { get; init; } = 4096;

    /// <summary>The capability by which rings are enabled.</summary>
    public KvmCapability RingCapability { get; init; } = KvmCapability.DirtyLogRingAcqRel;

    /// <summary>The device.</summary>
    public string DevicePath { get; init; } = KvmDevice.DefaultPath;
}
