namespace RingKit.Bench.Inputs;

/// <summary>How dirty pages lie.</summary>
public enum DirtyShape
{
    /// <summary>Each page is dirty or not by itself.</summary>
    Random,

    /// <summary>Dirty pages lie in runs of 1 to 127, 64 on average.</summary>
    Runs,
}
