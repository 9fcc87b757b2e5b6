namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class SummaryOverPages() : Stage2DirtyLogContract(Summary, SummaryBytes, Pages);
