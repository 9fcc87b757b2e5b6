namespace RingKit.Mmu.Migration;

/// <summary>How a migration ended.</summary>
public enum MigrationOutcome
{
    /// <summary>The destination has everything, and the guest is paused.</summary>
    Completed,

    /// <summary>It was cancelled; the guest goes on where it is.</summary>
    Cancelled,

    /// <summary>The guest dirtied pages faster than they were sent, for all rounds; it goes on where it is.</summary>
    NotConverged,

    /// <summary>The transfer failed, as often as it may; the guest goes on where it is.</summary>
    Failed,
}
