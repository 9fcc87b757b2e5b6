namespace RingKit.Mmu.DirtyLogging.Kvm;

/// <summary>Known defects of a current kernel, each of which can be had or not.</summary>
/// <remarks>Where a defect is not chosen nothing is lost, at the place where KVM would lose it. docs/dirty-logging.md has a table of both.</remarks>
[Flags]
public enum KvmFidelity
{
    /// <summary>None: no page is lost. The default.</summary>
    Safe = 0,

    /// <summary>Only the low 32 bits of a ring's size count: 2^32 + 16 KiB is taken for 16 KiB. Else such a size is none that is allowed.</summary>
    TruncatesRingSize = 1 << 0,

    /// <summary>
    /// A push into a full ring overwrites the oldest entry, after which harvester and producer are out of step. Else the vCPU leaves the guest first, and
    /// what KVM itself
    /// writes is recorded in the machine's own ring.
    /// </summary>
    PushOverwritesFullRing = 1 << 1,

    /// <summary>
    /// A reset that a signal ends has given back the entries of the batch that was growing, whose pages are not protected again: later stores to them go
    /// unlogged. Else that batch is
    /// applied first.
    /// </summary>
    SignalLosesBatch = 1 << 2,

    /// <summary>A batch of which one page lies outside its slot is refused whole, and its other pages stay writable. Else those are protected.</summary>
    RefusesWholeBatch = 1 << 3,

    /// <summary>
    /// A reset believes that an entry which says harvested was published. One that was not has the ring look full for ever, and its vCPU never runs again.
    /// Else such an entry ends
    /// the reset.
    /// </summary>
    TrustsHarvestedFlags = 1 << 4,

    /// <summary>GET_DIRTY_LOG in automatic mode has taken the pages when it finds that the caller's memory cannot have them. Else it looks first.</summary>
    BadAddressLosesPages = 1 << 5,

    /// <summary>
    /// With rings and no bitmaps, a write while no vCPU runs is dropped, with a warning. Else the machine's own ring has it:
    /// <see cref="KvmDirtyLog.HarvestVmRing"/>.
    /// </summary>
    DropsVcpulessWrites = 1 << 6,

    /// <summary>All of them: KVM as it is.</summary>
    Faithful = TruncatesRingSize | PushOverwritesFullRing | SignalLosesBatch | RefusesWholeBatch | TrustsHarvestedFlags | BadAddressLosesPages
        | DropsVcpulessWrites,
}
