using RingKit.Bitmaps;
using RingKit.DirtyRings.Resetting;

namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>Takes what an adaptive log drains: from rings by a slot's ordinal, from bitmaps slot after slot. If it throws, what it was offered stays recorded.</summary>
internal interface IAdaptiveTarget : IResetTarget, IDirtyMaskSink
{
    /// <summary>The slot whose bitmap comes next.</summary>
    /// <param name="slot">The slot's ordinal.</param>
    /// <param name="path">Counts what is read to find its dirty words.</param>
    void Enter(int slot, SummaryPath path);

    /// <summary>Words read since the slot was entered, as far as that depends on what is dirty.</summary>
    ulong WordsRead { get; }
}
