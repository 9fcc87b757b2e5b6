namespace RingKit.Properties.Tdp.Machine;

/// <summary>What a step of a random life does.</summary>
internal enum TdpStepKind
{
    Store,
    StoreAgain,
    Load,
    Harvest,
    Start,
    Stop,
    MakePrivate,
    MakeShared,
    SetHostLevel,
    SetOrder,
    TrackWrites,
}
