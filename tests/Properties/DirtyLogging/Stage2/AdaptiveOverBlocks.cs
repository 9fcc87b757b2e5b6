namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class AdaptiveOverBlocks() : Stage2DirtyLogContract(Adaptive, RingBytes, Blocks);
