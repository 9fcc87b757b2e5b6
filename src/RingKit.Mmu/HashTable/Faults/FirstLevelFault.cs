namespace RingKit.Mmu.HashTable.Faults;

/// <summary>The first-level handler's answer.</summary>
/// <param name="Outcome">What to do.</param>
/// <param name="Status">What the guest finds in its DSISR, if it is to hear of it.</param>
/// <param name="Snapshot">What the second level goes by, if the host has to help.</param>
internal readonly record struct FirstLevelFault(FaultOutcome Outcome, Dsisr Status = Dsisr.None, FaultSnapshot Snapshot = default);
