namespace RingKit.Mmu.Tdp;

/// <summary>How large mappings may be after logging has stopped.</summary>
internal interface ITdpRecoveryPolicy
{
    /// <summary>The largest level at a frame, 1 to 3.</summary>
    int LevelAt(ulong gfn);
}
