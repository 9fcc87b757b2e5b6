namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class RingOverPagesOf2014() : Stage2DirtyLogContract(Ring, RingBytes, PagesOf2014);
