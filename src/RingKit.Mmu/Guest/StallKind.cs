namespace RingKit.Mmu.Guest;

/// <summary>Why a vCPU loses time.</summary>
internal enum StallKind
{
    /// <summary>A fault that recorded a page.</summary>
    LogFault,

    /// <summary>Any other fault.</summary>
    OtherFault,

    /// <summary>It cannot enter the guest yet.</summary>
    EntryWait,

    /// <summary>It drops translations between two steps.</summary>
    Invalidation,

    /// <summary>It is outside for a full dirty ring.</summary>
    RingFull,

    /// <summary>It is outside for an exhausted dirty quota.</summary>
    Quota,

    /// <summary>Its thread sleeps for a throttle.</summary>
    Throttle,

    /// <summary>How many there are.</summary>
    Count,
}
