using RingKit.Bitmaps;

namespace RingKit.Properties.Bitmaps;

/// <summary>The contract of marking under <see cref="TestBehindFence"/>.</summary>
public sealed class TestBehindFenceContract : MarkingContract<TestBehindFence>;
