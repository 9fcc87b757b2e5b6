using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class ModificationLogRingTests() : TdpDirtyLogContract(machine => new RingDirtyLog(machine), new TdpOptions { LogMethod = TdpLogMethod.ModificationLog, MapsReadsWritable = false });
