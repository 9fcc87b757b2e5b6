namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class RingOverPagesSplitAhead() : Stage2DirtyLogContract(Ring, RingBytes, SplitPages);
