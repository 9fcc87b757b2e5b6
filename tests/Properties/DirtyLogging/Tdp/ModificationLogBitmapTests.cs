using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class ModificationLogBitmapTests() : TdpDirtyLogContract(ring: false, new TdpOptions { LogMethod = TdpLogMethod.ModificationLog });
