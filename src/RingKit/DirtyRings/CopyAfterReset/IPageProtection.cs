using RingKit.DirtyRings.Resetting;

namespace RingKit.DirtyRings.CopyAfterReset;

/// <summary>Memory slots whose pages can be protected, and whose vCPUs can be told so.</summary>
public interface IPageProtection : IResetTarget
{
    /// <summary>
    /// Returns when no vCPU can still store through a translation from before the protection. Called once, after the last batch. It must
    /// not throw: the pages of this reset are in no ring any more.
    /// </summary>
    void Invalidate();
}
