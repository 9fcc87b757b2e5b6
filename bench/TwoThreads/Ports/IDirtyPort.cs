using RingKit.Bench.Inputs;
using RingKit.DirtyRings;

namespace RingKit.Bench.TwoThreads.Ports;

/// <summary>A dirty ring of either kind.</summary>
internal interface IDirtyPort
{
    PushResult TryPush(uint slot, ulong offset);

    int Harvest(ref SummingSink sink, int maximum);

    void Reset(ref CountingTarget target);
}
