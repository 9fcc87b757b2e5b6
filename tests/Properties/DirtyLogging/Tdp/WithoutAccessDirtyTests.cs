using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class WithoutAccessDirtyTests() : TdpDirtyLogContract(ring: false, new TdpOptions { HasAccessDirty = false, Recovery = TdpRecovery.Zap });
