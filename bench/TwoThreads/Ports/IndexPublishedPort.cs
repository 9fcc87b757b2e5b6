using RingKit.Bench.Inputs;
using RingKit.DirtyRings;
using RingKit.DirtyRings.IndexPublished;

namespace RingKit.Bench.TwoThreads.Ports;

/// <summary>A dirty ring: its indices say which entries are published.</summary>
internal readonly struct IndexPublishedPort(IndexPublishedDirtyRing ring) : IDirtyPort
{
    private readonly IndexPublishedProducer<PowerOfTwoIndexing> _producer = ring.Producer;
    private readonly IndexPublishedHarvester<PowerOfTwoIndexing> _harvester = ring.Harvester;
    private readonly IndexPublishedResetter<PowerOfTwoIndexing> _resetter = ring.Resetter;

    public PushResult TryPush(uint slot, ulong offset) => _producer.TryPush(slot, offset);

    public int Harvest(ref SummingSink sink, int maximum) => _harvester.Harvest(ref sink, maximum);

    public void Reset(ref CountingTarget target) => _resetter.Reset(ref target);
}
