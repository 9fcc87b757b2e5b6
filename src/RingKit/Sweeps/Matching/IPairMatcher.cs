namespace RingKit.Sweeps.Matching;

/// <summary>Finds the pairs of a group that have all the bits of two masks: one implementation for each width of vector.</summary>
/// <remarks>
/// Other threads may write the pairs meanwhile. A vector load is no atomic access of a pair, not even of a word: the answer is a hint.
/// </remarks>
internal interface IPairMatcher
{
    /// <summary>Looks at 64 pairs. Bit i is set if pair i has all bits of <paramref name="first"/> and <paramref name="second"/>.</summary>
    static abstract ulong Match(ref readonly WordPair pairs, ulong first, ulong second);
}
