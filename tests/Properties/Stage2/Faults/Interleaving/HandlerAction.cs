namespace RingKit.Properties.Stage2.Faults.Interleaving;

/// <summary>What a thread of a <see cref="HandlerProgram"/> does.</summary>
internal enum HandlerAction
{
    Load,
    LoadNext,
    Store,
    Migrate,
    Share,
    StartLog,
    StopLog,
}
