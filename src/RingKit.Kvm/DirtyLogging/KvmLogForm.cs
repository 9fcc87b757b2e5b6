namespace RingKit.Kvm.DirtyLogging;

/// <summary>How the kernel tells which pages a guest has written.</summary>
public enum KvmLogForm
{
    /// <summary>A ring for each vCPU: KVM_CAP_DIRTY_LOG_RING_ACQ_REL.</summary>
    Ring,

    /// <summary>A bitmap for each slot, which a fetch takes and protects.</summary>
    Bitmap,

    /// <summary>A bitmap for each slot, which a fetch copies, and a clear takes and protects: KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2.</summary>
    Manual,

    /// <summary>The same, where all pages are dirty when logging starts, those included that were never written: KVM_DIRTY_LOG_INITIALLY_SET.</summary>
    InitiallySet,
}
