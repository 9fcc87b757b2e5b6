namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class AdaptiveOverPages() : Stage2DirtyLogContract(Adaptive, RingBytes, Pages);
