using RingKit.Mmu.Guest;

namespace RingKit.Properties.DirtyLogging;

public sealed class FlatFaultAgainstHarvest() : FaultAgainstHarvest(memory => new VirtualMachine(memory, vcpus: 2));
