namespace RingKit.Mmu.Migration;

/// <summary>What a migration does that has used up its rounds and is not below the downtime limit.</summary>
public enum RoundLimitPolicy
{
    /// <summary>Stops the guest and sends the rest, however long that takes.</summary>
    StopGuest,

    /// <summary>Gives up: the guest goes on where it is.</summary>
    GiveUp,
}
