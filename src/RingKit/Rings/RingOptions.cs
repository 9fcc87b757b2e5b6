using RingKit.Rings.Waiting;

namespace RingKit.Rings;

/// <summary>What a ring decides once, when it is made. The default rejects when full and has nobody sleep.</summary>
public readonly record struct RingOptions
{
    /// <summary>What a push does when there is no room.</summary>
    public FullPolicy WhenFull { get; init; }

    /// <summary>
    /// Whether threads may sleep until they are woken (<see cref="BlockingWait"/>). Each publication and each release then pays a full
    /// fence, and leaves the fast path.
    /// </summary>
    public bool CanSleep { get; init; }
}
