namespace RingKit.Properties.Stage2.Machine;

/// <summary>What may happen to a machine: what its vCPUs do, what its log does, what its host does.</summary>
internal enum MachineDeed
{
    Load,
    Store,
    StoreAgain,
    StoreAcross,
    Harvest,
    Start,
    Stop,
    Invalidate,
    Age,
    Split,
    Collapse,
    Migrate,
    Reclaim,
    Share,
}
