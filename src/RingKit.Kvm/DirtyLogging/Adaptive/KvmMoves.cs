namespace RingKit.Kvm.DirtyLogging.Adaptive;

/// <summary>The moves of a real guest's log from one form to another.</summary>
/// <param name="Count">How many there were.</param>
/// <param name="Refused">How many a rule wanted, and the kernel, or the state of a vCPU, did not allow.</param>
/// <param name="Time">What those that there were have taken, without what the guest has lost afterwards until its pages were mapped again.</param>
public readonly record struct KvmMoves(ulong Count, ulong Refused, TimeSpan Time);
