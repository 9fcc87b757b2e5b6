using RingKit.DirtyRings.IndexPublished;

namespace RingKit.Properties.DirtyRings.Conformance;

public sealed class OneLineConformance : DirtyRingConformance
{
    private protected override IRingUnderTest Make(int capacity, int reserve, uint startIndex) =>
        new IndexPublishedUnderTest<PowerOfTwoIndexing>(
            new IndexRig<PowerOfTwoIndexing>(capacity, reserve, startIndex, IndexLayout.OneLine, foreign: false));
}
