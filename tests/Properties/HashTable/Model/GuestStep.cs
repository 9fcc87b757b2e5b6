namespace RingKit.Properties.HashTable.Model;

/// <summary>A step of a script.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Address">Which of <see cref="GuestAddress.All"/>.</param>
/// <param name="Choice">Random bits, for all else that the step has to choose.</param>
internal readonly record struct GuestStep(GuestStepKind Kind, int Address, int Choice)
{
    /// <summary>A number below a bound, from some of the step's random bits.</summary>
    public int Pick(int shift, int bound) => ((Choice >> shift) & 0xFF) % bound;
}
