namespace RingKit.Bitmaps.Operations;

/// <summary>Neighbouring bits of one value.</summary>
/// <param name="First">The first bit's number.</param>
/// <param name="Count">How many bits; 0 if a search found none.</param>
public readonly record struct BitRun(ulong First, ulong Count)
{
    /// <summary>The number behind the last bit.</summary>
    public ulong End => First + Count;
}
