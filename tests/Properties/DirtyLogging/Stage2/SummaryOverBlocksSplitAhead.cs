namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class SummaryOverBlocksSplitAhead() : Stage2DirtyLogContract(Summary, SummaryBytes, SplitBlocks);
