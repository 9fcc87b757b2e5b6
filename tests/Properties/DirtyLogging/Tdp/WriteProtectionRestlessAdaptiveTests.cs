using RingKit.Mmu.Tdp;
using RingKit.Properties.DirtyLogging.Adaptive;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class WriteProtectionRestlessAdaptiveTests() : TdpDirtyLogContract(AdaptiveLogs.Restless, new TdpOptions { LogMethod = TdpLogMethod.WriteProtection });
