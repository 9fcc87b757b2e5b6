using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Tdp;

namespace RingKit.Properties.DirtyLogging.Tdp;

public sealed class MemslotManualLogTests() : TdpDirtyLogContract(
    machine => new MemslotDirtyLog(machine, new MemslotLogOptions { ManualProtect = ManualProtect.Enabled }), new TdpOptions { SplitsEagerly = false });
