namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class RingOverBlocksOf2014() : Stage2DirtyLogContract(Ring, RingBytes, BlocksOf2014);
