using RingKit.DirtyRings.Resetting;

namespace RingKit.Bench.Inputs;

/// <summary>One slot whose reset calls are counted and otherwise cost nothing: what is measured is the ring.</summary>
internal struct CountingTarget(uint slot, ulong pages) : IResetTarget
{
    public long Calls { get; private set; }

    public ulong Masks { get; private set; }

    public readonly ulong PagesIn(uint candidate) => candidate == slot ? pages : 0;

    public void Reset(uint slot, ulong baseOffset, ulong mask)
    {
        Calls++;
        Masks ^= mask;
    }
}
