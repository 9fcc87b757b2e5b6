namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class AdaptiveOverPagesOf2014() : Stage2DirtyLogContract(Adaptive, RingBytes, PagesOf2014);
