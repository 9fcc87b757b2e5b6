namespace RingKit.Mmu.DirtyLogging.Writes;

/// <summary>Where a log of rings puts a page that is written while no vCPU runs: each ring has one producer, its vCPU.</summary>
public enum VcpulessWrites
{
    /// <summary>Nowhere: whoever writes is told so.</summary>
    Refuse,

    /// <summary>Each slot has a bitmap for them, as on arm64 with KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP.</summary>
    Bitmap,

    /// <summary>
    /// One more ring, behind a lock, as KVM's rings had it when they were proposed. When it is full vCPU 0 is kicked out of the guest to have it harvested:
    /// its programs pay for what
    /// others write.
    /// </summary>
    LockedRing,
}
