namespace RingKit.Interleaving;

/// <summary>Where a logical thread stands.</summary>
internal enum ThreadStatus
{
    /// <summary>Not begun.</summary>
    New,

    /// <summary>Stopped just before an atomic operation, or running.</summary>
    Ready,

    /// <summary>Paused, and nothing new to read.</summary>
    Paused,

    /// <summary>Paused, and something new to read.</summary>
    Woken,

    /// <summary>At its end.</summary>
    Finished,
}
