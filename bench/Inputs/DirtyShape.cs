namespace RingKit.Bench.Inputs;

/// <summary>How dirty pages lie.</summary>
public enum DirtyShape
{
    /// <summary>Each page is dirty or not by itself.</summary>
    Random,

    /// <summary>Dirty pages lie in neighbourhoods of 1 to 2047, 1024 on average, in which three pages of four are dirty.</summary>
    Clustered,

    /// <summary>Dirty pages lie in runs of 1 to 127, 64 on average.</summary>
    Runs,
}
