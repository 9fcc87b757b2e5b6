using RingKit.Bitmaps;
using RingKit.DirtyRings;
using RingKit.DirtyRings.Resetting;
using RingKit.Mmu.DirtyLogging.Sinks;

namespace RingKit.Mmu.DirtyLogging.Adaptive;

/// <summary>
/// Takes what an adaptive log drains: ring entries once as a sink, which says that they are about to come, and then by resets, with a slot's ordinal for its id; and masks,
/// slot after slot. If it throws, what it has not handed on stays recorded.
/// </summary>
internal interface IAdaptiveTarget : IResetTarget, IDirtyMaskSink, IDirtyEntrySink
{
    /// <summary>The slot whose bitmap comes next.</summary>
    /// <param name="slot">The slot's ordinal.</param>
    /// <param name="path">Counts what is read to find its dirty words.</param>
    void Enter(int slot, SummaryPath path);

    /// <summary>Hands on the masks that it has kept back. The slot's bitmap has no more.</summary>
    void Leave();

    /// <summary>One of the masks that it has kept back and will not hand on, since it has thrown.</summary>
    bool TryGiveBack(out ulong firstPage, out ulong mask);

    /// <summary>Words read since the slot was entered, as far as that depends on what is dirty.</summary>
    ulong WordsRead { get; }
}
