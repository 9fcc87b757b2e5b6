using RingKit.Mmu.DirtyLogging.Adaptive;

namespace RingKit.Bench.Harvest;

/// <summary>Moves to one form and stays there.</summary>
internal sealed class StillRule(DirtyLogForm still) : IAdaptiveRule
{
    public DirtyLogForm Choose(DirtyLogForm form, in AdaptiveHistory history) => still;
}
