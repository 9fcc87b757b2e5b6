using RingKit.Properties.DirtyLogging.Stage2;

namespace RingKit.Properties.DirtyLogging.Kvm;

public sealed class Stage2RingLogContract() : Stage2DirtyLogContract(KvmLogs.RingsWithBitmaps, RingBytes + BitmapBytes, SplitBlocks);
