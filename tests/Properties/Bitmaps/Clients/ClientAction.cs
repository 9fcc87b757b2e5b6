namespace RingKit.Properties.Bitmaps.Clients;

/// <summary>What a thread of a program of several clients does next. Each thread has at most one client, its own.</summary>
internal enum ClientAction
{
    /// <summary>Stores to a page and marks it.</summary>
    Mark,

    /// <summary>Collects, harvests and copies. A client whose thread does not join is there from the start.</summary>
    Harvest,

    /// <summary>Joins, with the marks from now on.</summary>
    Join,

    /// <summary>Joins, with every page dirty.</summary>
    JoinAllDirty,

    Leave,
}
