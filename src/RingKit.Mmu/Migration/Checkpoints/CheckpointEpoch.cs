namespace RingKit.Mmu.Migration.Checkpoints;

/// <summary>An epoch that the destination has.</summary>
/// <param name="Number">From 0. Numbers of epochs whose transfer failed are left out.</param>
/// <param name="EndedByFullRing">Whether a vCPU's ring was full before the epoch's time was over.</param>
/// <param name="Pages">Pages that were written in it, zero pages among them.</param>
/// <param name="Bytes">Bytes that were sent for it.</param>
/// <param name="Pause">How long the guest was paused at its end.</param>
/// <param name="SendTime">From the end of the pause to the destination's acknowledgement.</param>
public readonly record struct CheckpointEpoch(uint Number, bool EndedByFullRing, long Pages, long Bytes, TimeSpan Pause, TimeSpan SendTime);
