using RingKit.Properties.DirtyLogging.Adaptive;

namespace RingKit.Properties.DirtyLogging.Stage2;

public sealed class RestlessAdaptiveOverBlocks() : DirtyLogContract(AdaptiveLogs.Restless, memory => Stage2DirtyLogContract.Machine(memory, Stage2DirtyLogContract.Blocks));
