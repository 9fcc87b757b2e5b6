namespace RingKit.Mmu.Migration;

/// <summary>What comes after a round.</summary>
public enum ConvergenceStep
{
    /// <summary>Another round while the guest runs.</summary>
    Continue,

    /// <summary>Another round, with the guest held back more than before.</summary>
    Throttle,

    /// <summary>The guest is stopped, and the rest is sent if it is still below the limit.</summary>
    Stop,

    /// <summary>The guest is stopped, and the rest is sent whatever it is.</summary>
    StopAtAnyRate,

    /// <summary>The migration gives up.</summary>
    GiveUp,
}
