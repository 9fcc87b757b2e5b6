namespace RingKit.Properties.Tdp.Model;

/// <summary>What a thread of a <see cref="TdpProgram"/> does.</summary>
internal enum TdpAction
{
    /// <summary>A vCPU stores to a page.</summary>
    Store,

    /// <summary>A vCPU loads from a page.</summary>
    Load,

    /// <summary>The host fetches the log and copies what was in it.</summary>
    Harvest,

    /// <summary>The host starts the log, and copies all.</summary>
    Start,

    /// <summary>The host stops the log; mappings become large again.</summary>
    Stop,

    /// <summary>The host takes the mappings of both pages away, and ends that.</summary>
    Invalidate,
}
