using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Properties.DirtyLogging.Memslots;

public sealed class Stage2MemslotLogTests()
    : DirtyLogContract(machine => new MemslotDirtyLog(machine), memory => new VirtualMachine(memory, 2, new Stage2Options()));
