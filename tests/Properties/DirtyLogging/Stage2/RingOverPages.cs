namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class RingOverPages() : Stage2DirtyLogContract(Ring, RingBytes, Pages);
