namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class AdaptiveOverBlocksSplitAhead() : Stage2DirtyLogContract(Adaptive, RingBytes, SplitBlocks);
