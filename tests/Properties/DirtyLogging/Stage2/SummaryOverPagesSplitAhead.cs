namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class SummaryOverPagesSplitAhead() : Stage2DirtyLogContract(Summary, SummaryBytes, SplitPages);
