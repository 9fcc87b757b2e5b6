using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class WriteProtectionSummaryTests() : TdpDirtyLogContract(machine => new SummaryDirtyLog(machine), new TdpOptions { LogMethod = TdpLogMethod.WriteProtection });
