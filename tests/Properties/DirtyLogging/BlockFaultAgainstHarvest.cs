using RingKit.Properties.DirtyLogging.Stage2;

namespace RingKit.Properties.DirtyLogging;

public sealed class BlockFaultAgainstHarvest() : FaultAgainstHarvest(memory => Stage2DirtyLogContract.Machine(memory, Stage2DirtyLogContract.Blocks));
