namespace RingKit.Properties.DirtyRings.Conformance;

public sealed class SlotPublishedConformance : DirtyRingConformance
{
    private protected override IRingUnderTest Make(int capacity, int reserve, uint startIndex) =>
        new SlotPublishedUnderTest(new RingRig(capacity, reserve, startIndex));
}
