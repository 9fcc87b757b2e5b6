namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class BitmapOverBlocksSplitAhead() : Stage2DirtyLogContract(Bitmap, BitmapBytes, SplitBlocks);
