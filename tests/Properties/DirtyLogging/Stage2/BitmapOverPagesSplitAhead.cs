namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class BitmapOverPagesSplitAhead() : Stage2DirtyLogContract(Bitmap, BitmapBytes, SplitPages);
