using RingKit.DirtyRings.IndexPublished;

namespace RingKit.Properties.DirtyRings.Conformance;

public sealed class AnyCapacityConformance : DirtyRingConformance
{
    private protected override bool AnyCapacity => true;

    // Its indices begin again after two laps: it starts that near to the end of them.
    private protected override IRingUnderTest Make(int capacity, int reserve, uint startIndex) =>
        new IndexPublishedUnderTest<AnyCapacityIndexing>(
            new IndexRig<AnyCapacityIndexing>(capacity, reserve, startIndex == 0 ? 0 : (2 * (uint)capacity) - 1));
}
