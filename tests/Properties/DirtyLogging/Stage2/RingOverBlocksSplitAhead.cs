namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class RingOverBlocksSplitAhead() : Stage2DirtyLogContract(Ring, RingBytes, SplitBlocks);
