namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class SummaryOverPagesOf2014() : Stage2DirtyLogContract(Summary, SummaryBytes, PagesOf2014);
