namespace RingKit.Mmu.Stage2;

/// <summary>A rule that was broken, and where.</summary>
/// <param name="Kind">The rule.</param>
/// <param name="Address">The IPA, or for tables that are leaked or freed the table's address.</param>
internal readonly record struct Stage2Violation(Stage2ViolationKind Kind, ulong Address);
