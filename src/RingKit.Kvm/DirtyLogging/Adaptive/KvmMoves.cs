namespace RingKit.Kvm.DirtyLogging.Adaptive;

/// <summary>The moves of a real guest's log from one form to another.</summary>
/// <param name="Count">How many there were.</param>
/// <param name="Refused">How many a rule wanted, and the kernel, or the state of a vCPU, did not allow.</param>
/// <param name="Time">What those that there were have taken, but for the end of the old machines.</param>
/// <param name="Standstill">
/// The part of it in which the vCPUs were kept out of the guest. What the guest loses afterwards, until its pages are mapped again, is in neither.
/// </param>
public readonly record struct KvmMoves(ulong Count, ulong Refused, TimeSpan Time, TimeSpan Standstill);
