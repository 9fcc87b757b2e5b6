namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class BitmapOverBlocks() : Stage2DirtyLogContract(Bitmap, BitmapBytes, Blocks);
