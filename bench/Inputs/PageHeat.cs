namespace RingKit.Bench.Inputs;

/// <summary>How a guest's stores are spread over its pages.</summary>
public enum PageHeat
{
    /// <summary>Three pages take nine stores of ten: a stack, a heap, a counter.</summary>
    Hot,

    /// <summary>Each page is as likely as any other.</summary>
    Spread,
}
