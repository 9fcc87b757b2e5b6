using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging.Tdp;

namespace RingKit.Properties.DirtyLogging.Kvm;

public sealed class ModificationLogRingLogContract() : TdpDirtyLogContract(
    KvmLogs.Rings, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog, MapsReadsWritable = false });
