namespace RingKit.Mmu.HashTable.Hypercalls;

/// <summary>A hypercall's answer.</summary>
/// <param name="Status">r3.</param>
/// <param name="R4">r4, where the call returns something there.</param>
/// <param name="R5">r5, likewise.</param>
public readonly record struct HypercallResult(HypercallStatus Status, ulong R4 = 0, ulong R5 = 0)
{
    /// <summary>An answer that is a status alone.</summary>
    public static implicit operator HypercallResult(HypercallStatus status) => new(status);
}
