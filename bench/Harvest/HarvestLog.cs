namespace RingKit.Bench.Harvest;

/// <summary>The logs that are compared.</summary>
public enum HarvestLog
{
    Ring,
    Bitmap,
    Summary,
    Adaptive,
}
