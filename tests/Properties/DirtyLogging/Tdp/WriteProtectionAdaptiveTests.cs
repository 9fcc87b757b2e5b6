using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class WriteProtectionAdaptiveTests() : TdpDirtyLogContract(machine => new AdaptiveDirtyLog(machine), new TdpOptions { LogMethod = TdpLogMethod.WriteProtection });
