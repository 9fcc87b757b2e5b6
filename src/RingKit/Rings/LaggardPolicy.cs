namespace RingKit.Rings;

/// <summary>What a broadcast ring does about a reader that lags by the whole ring.</summary>
public enum LaggardPolicy
{
    /// <summary>The writer waits for it (<c>Write</c>), or is refused (<c>TryWrite</c>).</summary>
    Block = 0,

    /// <summary>The oldest items are overwritten; the reader learns how many it missed, and reads on behind the gap.</summary>
    DropOldest = 1,

    /// <summary>The reader is thrown out; its next read says so.</summary>
    Detach = 2,
}
