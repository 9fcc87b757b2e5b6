using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class MemslotLogTests() : TdpDirtyLogContract(
    machine => new MemslotDirtyLog(machine, new MemslotLogOptions()), new TdpOptions { LogMethod = TdpLogMethod.ModificationLog });
