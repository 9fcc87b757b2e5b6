namespace RingKit.DirtyRings;

/// <summary>What became of a push into a dirty ring.</summary>
public enum PushResult
{
    /// <summary>The page is published.</summary>
    Pushed,

    /// <summary>The page is published, and the ring has reached its soft limit: the vCPU should stop and have it harvested and reset.</summary>
    SoftFull,

    /// <summary>Nothing was stored: the caller still owns the page.</summary>
    Full,

    /// <summary>The ring was full, and the page is marked in its slot's bitmap instead. Only an <see cref="Overflow.OverflowingDirtyRing"/> says so.</summary>
    FellBack,
}
