using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging.Memslots;

public sealed class InitiallySetMemslotLogTests() : DirtyLogContract(InitiallySet.Make, memory => new VirtualMachine(memory, vcpus: 2));
