using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class WriteProtectionRingTests() : TdpDirtyLogContract(ring: true, new TdpOptions { LogMethod = TdpLogMethod.WriteProtection, SplitsEagerly = false, MapsReadsWritable = false });
