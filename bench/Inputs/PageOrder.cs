namespace RingKit.Bench.Inputs;

/// <summary>The order in which a guest dirties pages.</summary>
public enum PageOrder
{
    /// <summary>One after the other, from a multiple of 64 on: 64 of them make one reset call.</summary>
    Sequential,

    /// <summary>Anywhere: hardly two of them share a reset call, and each mark is on another cache line.</summary>
    Random,
}
