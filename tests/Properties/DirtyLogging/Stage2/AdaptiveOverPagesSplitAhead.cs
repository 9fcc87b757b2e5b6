namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class AdaptiveOverPagesSplitAhead() : Stage2DirtyLogContract(Adaptive, RingBytes, SplitPages);
