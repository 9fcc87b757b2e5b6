namespace RingKit.Rings.Waiting;

/// <summary>How a wait ended.</summary>
public enum WaitOutcome
{
    /// <summary>There is what was waited for.</summary>
    Ready,

    /// <summary>The time was up.</summary>
    TimedOut,

    /// <summary>No more will come: the ring was completed, and everything that was published has been taken.</summary>
    Completed,

    /// <summary>This reader was detached, since it lagged.</summary>
    Detached,
}
