using RingKit.Properties.DirtyLogging.Stage2;

namespace RingKit.Properties.DirtyLogging;

public sealed class BlockFaultOf2014AgainstHarvest()
    : FaultAgainstHarvest(memory => Stage2DirtyLogContract.Machine(memory, Stage2DirtyLogContract.BlocksOf2014));
