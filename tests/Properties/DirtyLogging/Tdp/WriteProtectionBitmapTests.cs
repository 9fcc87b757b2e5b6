using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class WriteProtectionBitmapTests() : TdpDirtyLogContract(machine => new BitmapDirtyLog(machine), new TdpOptions { LogMethod = TdpLogMethod.WriteProtection });
