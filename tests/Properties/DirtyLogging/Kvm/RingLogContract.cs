namespace RingKit.Properties.DirtyLogging.Kvm;

public sealed class RingLogContract() : WriteProtectingLogContract(KvmLogs.Rings, bytesOfTheBooks: 2 * 65 * 16);
