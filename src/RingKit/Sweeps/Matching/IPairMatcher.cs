namespace RingKit.Sweeps.Matching;

/// <summary>Judges groups of pairs by a filter: one implementation for each width of vector.</summary>
/// <remarks>
/// Other threads may write the pairs meanwhile: the answer is a hint. Each word is read once, for both classes. Whoever reads it twice
/// misses a pair that is neither: locked when its wanted bits were looked at, unlocked again when its lock was.
/// </remarks>
internal interface IPairMatcher<TSelf>
    where TSelf : struct, IPairMatcher<TSelf>
{
    /// <summary>Spreads the filter's masks over vectors, once for all groups: the JIT would do so again in each.</summary>
    static abstract TSelf For(PairFilter filter);

    /// <summary>Judges 64 pairs; the bits come in an order of the matcher's own, which makes no difference to who counts them.</summary>
    /// <param name="pairs">The first of them.</param>
    /// <param name="again">Whether to look for the second class: a constant, so that what it does not need is not compiled.</param>
    /// <param name="candidates">A pair's bit is set if it is a candidate.</param>
    /// <param name="lookAgain">A pair's bit is set if it has all bits of the second class, even if it is a candidate; 0 without it.</param>
    void Match(ref readonly WordPair pairs, bool again, out ulong candidates, out ulong lookAgain);

    /// <summary>What <see cref="Match"/> has answered, bit i for pair i.</summary>
    static abstract ulong Ordered(ulong bits);
}
