using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.DirtyLogging.Memslots;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Properties.DirtyLogging.Memslots;

public sealed class Stage2ManualMemslotLogTests()
    : DirtyLogContract(
        machine => new MemslotDirtyLog(machine, new MemslotLogOptions { ManualProtect = ManualProtect.Enabled }),
        memory => new VirtualMachine(memory, 2, new Stage2Options { EagerSplitChunk = 1 << 21 }));
