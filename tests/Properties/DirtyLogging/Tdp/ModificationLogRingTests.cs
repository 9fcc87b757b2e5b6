using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class ModificationLogRingTests() : TdpDirtyLogContract(ring: true, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog, MapsReadsWritable = false });
