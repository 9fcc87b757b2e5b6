namespace RingKit.Properties.MigrationEquality;

/// <summary>What happens to a migration.</summary>
internal enum MigrationTrouble
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It is cancelled in its middle; the log is switched on and off, and it is migrated again.</summary>
    Cancel,

    /// <summary>The stream breaks, and a new connection takes it up again.</summary>
    BrokenStream,

    /// <summary>The stream breaks more often than is tried again; the log is switched on and off, and it is migrated again.</summary>
    Failure,
}
