namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>Chooses where an adaptive log records. Whatever it chooses, no page is lost.</summary>
public interface IAdaptiveRule
{
    /// <summary>The form of the next round. Asked once a harvest, under the log's lock.</summary>
    /// <param name="form">The form of the last round.</param>
    /// <param name="history">What the last rounds showed.</param>
    DirtyLogForm Choose(DirtyLogForm form, in AdaptiveHistory history);
}
