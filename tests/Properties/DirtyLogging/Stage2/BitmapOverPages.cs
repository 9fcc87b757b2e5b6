namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class BitmapOverPages() : Stage2DirtyLogContract(Bitmap, BitmapBytes, Pages);
