namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class SummaryOverBlocksOf2014() : Stage2DirtyLogContract(Summary, SummaryBytes, BlocksOf2014);
