namespace RingKit.Properties.Stage2.Faults.Model;

internal enum FaultStepKind
{
    Store,
    Load,
    Fetch,
    Harvest,
    StartLog,
    StopLog,
    Invalidate,
    Age,
    SplitHost,
    CollapseHost,
    Migrate,
    Reclaim,
    Share,
    Merge,
    Overtake,
}
