using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class WithoutAccessDirtyTests() : TdpDirtyLogContract(machine => new BitmapDirtyLog(machine), new TdpOptions { HasAccessDirty = false, Recovery = TdpRecovery.Zap });
