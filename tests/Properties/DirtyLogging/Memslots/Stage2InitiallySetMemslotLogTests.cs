using RingKit.Mmu.Guest;
using RingKit.Mmu.Stage2.Hypervisor;

namespace RingKit.Properties.DirtyLogging.Memslots;

public sealed class Stage2InitiallySetMemslotLogTests()
    : DirtyLogContract(InitiallySet.Make, memory => new VirtualMachine(memory, 2, new Stage2Options { EagerSplitChunk = 1 << 30 }));
