using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class ModificationLogLazyTests() : TdpDirtyLogContract(ring: false, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog, SplitsEagerly = false });
