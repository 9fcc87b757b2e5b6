using System.Numerics;
using RingKit.Sweeps;
using Xunit;

namespace RingKit.Properties.Sweeps;

/// <summary>Writes down what a sweep reports, and checks the form in which it does.</summary>
internal readonly struct PairLists(List<ulong> candidates, List<ulong> lookAgain) : IPairSink
{
    public IReadOnlyList<ulong> Candidates => candidates;

    public IReadOnlyList<ulong> LookAgain => lookAgain;

    void IPairSink.Accept(ulong firstPair, ulong candidatesMask, ulong lookAgainMask)
    {
        Assert.Equal(0ul, firstPair % 64);
        Assert.NotEqual(0ul, candidatesMask | lookAgainMask);
        Assert.Equal(0ul, candidatesMask & lookAgainMask);
        Add(candidates, firstPair, candidatesMask);
        Add(lookAgain, firstPair, lookAgainMask);
    }

    private static void Add(List<ulong> indices, ulong first, ulong mask)
    {
        for (; mask != 0; mask &= mask - 1)
            indices.Add(first + (uint)BitOperations.TrailingZeroCount(mask));
    }
}
