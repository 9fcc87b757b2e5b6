using RingKit.Properties.DirtyLogging.Stage2;

namespace RingKit.Properties.DirtyLogging;

public sealed class PageFaultAgainstHarvest() : FaultAgainstHarvest(memory => Stage2DirtyLogContract.Machine(memory, Stage2DirtyLogContract.Pages));
