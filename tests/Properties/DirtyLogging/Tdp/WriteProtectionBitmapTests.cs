using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class WriteProtectionBitmapTests() : TdpDirtyLogContract(ring: false, new TdpOptions { LogMethod = TdpLogMethod.WriteProtection });
