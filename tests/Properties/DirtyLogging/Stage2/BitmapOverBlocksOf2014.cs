namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class BitmapOverBlocksOf2014() : Stage2DirtyLogContract(Bitmap, BitmapBytes, BlocksOf2014);
