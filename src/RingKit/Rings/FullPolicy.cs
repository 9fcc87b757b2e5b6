namespace RingKit.Rings;

/// <summary>What a push does when the ring has no room. <c>TryPush</c> always rejects; <c>Push</c> follows the ring's policy.</summary>
public enum FullPolicy
{
    /// <summary>Stores nothing and says so: the caller keeps the item.</summary>
    Reject = 0,

    /// <summary>
    /// Drops the oldest items, counts them, and stores the new ones. An item that is being read at this moment is never dropped: only then
    /// is the new one rejected.
    /// </summary>
    OverwriteOldest = 1,

    /// <summary>Waits until there is room.</summary>
    Block = 2,
}
