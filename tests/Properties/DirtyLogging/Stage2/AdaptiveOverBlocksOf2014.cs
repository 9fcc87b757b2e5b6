namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class AdaptiveOverBlocksOf2014() : Stage2DirtyLogContract(Adaptive, RingBytes, BlocksOf2014);
