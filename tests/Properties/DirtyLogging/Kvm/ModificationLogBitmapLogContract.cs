using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging.Tdp;

namespace RingKit.Properties.DirtyLogging.Kvm;

public sealed class ModificationLogBitmapLogContract() : TdpDirtyLogContract(KvmLogs.Bitmaps, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog });
