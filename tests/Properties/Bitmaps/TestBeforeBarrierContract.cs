using RingKit.Bitmaps;

namespace RingKit.Properties.Bitmaps;

/// <summary>The contract of marking under <see cref="TestBeforeBarrier"/>.</summary>
public sealed class TestBeforeBarrierContract : MarkingContract<TestBeforeBarrier>;
