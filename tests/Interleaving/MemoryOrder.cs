namespace RingKit.Interleaving;

/// <summary>What an access orders beside itself, in the sense of C++11.</summary>
public enum MemoryOrder
{
    /// <summary>Nothing.</summary>
    Relaxed,

    /// <summary>What follows stays after it, and sees what came before the release that it read from.</summary>
    Acquire,

    /// <summary>What precedes stays before it.</summary>
    Release,

    /// <summary>Both; for read-modify-writes.</summary>
    AcquireRelease,

    /// <summary>A full fence: both, and one total order with all other full fences.</summary>
    Full,
}
