namespace RingKit.Sweeps;

/// <summary>How many pairs a sweep met of each class; no pair is in both.</summary>
/// <param name="Candidates">Pairs that have all the bits that are wanted.</param>
/// <param name="LookAgain">Pairs to look at again.</param>
public readonly record struct PairCounts(ulong Candidates, ulong LookAgain);
