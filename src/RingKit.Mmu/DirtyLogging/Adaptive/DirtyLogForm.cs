namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>Where an adaptive log records pages.</summary>
public enum DirtyLogForm
{
    /// <summary>In a ring for each vCPU: the cheapest record, and a harvest that costs what is dirty, as long as it fits.</summary>
    Ring,

    /// <summary>In a bitmap with summaries above it: a harvest that costs what is dirty, without a limit.</summary>
    Summary,

    /// <summary>In the bitmap alone, which a harvest reads to its end.</summary>
    Bitmap,
}
