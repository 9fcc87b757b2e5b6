namespace RingKit.Mmu.HashTable.Harvesting;

/// <summary>What a harvest of a slot would meet.</summary>
/// <param name="Pages">The slot's pages.</param>
/// <param name="Mapped">Those that have a chain.</param>
/// <param name="Entries">The entries in the chains.</param>
/// <param name="Taken">Those of them that the harvest would take.</param>
internal readonly record struct SlotEstimate(double Pages, double Mapped, double Entries, double Taken)
{
    /// <summary>Two slots.</summary>
    public static SlotEstimate operator +(SlotEstimate left, SlotEstimate right) => new(
        left.Pages + right.Pages, left.Mapped + right.Mapped, left.Entries + right.Entries, left.Taken + right.Taken);
}
