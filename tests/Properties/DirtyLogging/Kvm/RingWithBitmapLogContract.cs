namespace RingKit.Properties.DirtyLogging.Kvm;

public sealed class RingWithBitmapLogContract() : WriteProtectingLogContract(KvmLogs.RingsWithBitmaps, bytesOfTheBooks: (2 * 65 * 16) + (18 * 8));
