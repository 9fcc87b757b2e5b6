using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class WriteProtectionRingTests() : TdpDirtyLogContract(machine => new RingDirtyLog(machine), new TdpOptions { LogMethod = TdpLogMethod.WriteProtection, SplitsEagerly = false, MapsReadsWritable = false });
