namespace RingKit.Mmu.DirtyLogging.Memslots;

/// <summary>Who takes pages out of a slot's log: the bits of KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2.</summary>
[Flags]
public enum ManualProtect
{
    /// <summary>A fetch does, and protects what it took: the automatic mode.</summary>
    None = 0,

    /// <summary>A fetch only copies; a clear takes and protects: KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE.</summary>
    Enabled = 1 << 0,

    /// <summary>
    /// With <see cref="Enabled"/>: when logging starts all pages are dirty and none is protected, so that it costs little; clears protect, piece by piece.
    /// KVM_DIRTY_LOG_INITIALLY_SET.
    /// </summary>
    InitiallySet = 1 << 1,
}
