using RingKit.Bench.Inputs;
using RingKit.DirtyRings;

namespace RingKit.Bench.TwoThreads.Ports;

/// <summary>A dirty ring: its entries say themselves whether they are published.</summary>
internal readonly struct SlotPublishedPort(DirtyRing ring) : IDirtyPort
{
    private readonly DirtyRingProducer _producer = ring.Producer;
    private readonly DirtyRingHarvester _harvester = ring.Harvester;
    private readonly DirtyRingResetter _resetter = ring.Resetter;

    public PushResult TryPush(uint slot, ulong offset) => _producer.TryPush(slot, offset);

    public int Harvest(ref SummingSink sink, int maximum) => _harvester.Harvest(ref sink, maximum);

    public void Reset(ref CountingTarget target) => _resetter.Reset(ref target);
}
