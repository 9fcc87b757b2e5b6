namespace RingKit.Sweeps;

/// <summary>Takes what a sweep finds, up to 64 pairs at a time.</summary>
public interface IPairSink
{
    /// <summary>Takes a group of pairs of which one or more are in a class. What it throws ends the sweep and reaches its caller.</summary>
    /// <param name="firstPair">The pair of bit 0, a multiple of 64.</param>
    /// <param name="candidates">Bit i is set if pair <paramref name="firstPair"/> + i was seen as a candidate.</param>
    /// <param name="lookAgain">The same for pairs to look at again; no bit is set in both masks, and one or more are in either.</param>
    void Accept(ulong firstPair, ulong candidates, ulong lookAgain);
}
