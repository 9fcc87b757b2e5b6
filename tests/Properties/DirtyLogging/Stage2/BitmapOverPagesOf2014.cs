namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class BitmapOverPagesOf2014() : Stage2DirtyLogContract(Bitmap, BitmapBytes, PagesOf2014);
