namespace RingKit.Properties.HashTable.Model;

/// <summary>What guest, host or a log does.</summary>
internal enum GuestStepKind
{
    Enter,
    Remove,
    BulkRemove,
    Protect,
    ClearReferenced,
    ClearModified,
    Read,
    PageInit,
    Store,
    Load,
    PageOut,
    PageIn,
    Share,
    Age,
    Get,
    FinalGet,
    SwitchLog,
    Resize,
    NoteModifications,
}
