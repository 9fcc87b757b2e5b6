namespace RingKit.Properties.DirtyLogging.Kvm;

// Each of the two slots is a fetch of its own, with a flush of both vCPUs.
public sealed class BitmapLogContract() : WriteProtectingLogContract(KvmLogs.Bitmaps, bytesOfTheBooks: 18 * 8, flushesOfTheBooks: 2);
