namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class SummaryOverBlocks() : Stage2DirtyLogContract(Summary, SummaryBytes, Blocks);
