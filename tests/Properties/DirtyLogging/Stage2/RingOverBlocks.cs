namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class RingOverBlocks() : Stage2DirtyLogContract(Ring, RingBytes, Blocks);
