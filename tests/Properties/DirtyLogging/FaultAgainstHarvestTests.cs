using RingKit.Mmu.Guest;
using RingKit.Properties.DirtyLogging.Stage2;

namespace RingKit.Properties.DirtyLogging;

// Over each page table whose entries a log protects.
public sealed class FlatFaultAgainstHarvest() : FaultAgainstHarvest(memory => new VirtualMachine(memory, vcpus: 2));

public sealed class PageFaultAgainstHarvest() : FaultAgainstHarvest(memory => Stage2DirtyLogContract.Machine(memory, Stage2DirtyLogContract.Pages));

public sealed class BlockFaultAgainstHarvest() : FaultAgainstHarvest(memory => Stage2DirtyLogContract.Machine(memory, Stage2DirtyLogContract.Blocks));

public sealed class SplitFaultAgainstHarvest() : FaultAgainstHarvest(memory => Stage2DirtyLogContract.Machine(memory, Stage2DirtyLogContract.SplitBlocks));

public sealed class BlockFaultOf2014AgainstHarvest()
    : FaultAgainstHarvest(memory => Stage2DirtyLogContract.Machine(memory, Stage2DirtyLogContract.BlocksOf2014));
