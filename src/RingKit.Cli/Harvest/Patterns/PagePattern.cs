namespace RingKit.Cli.Harvest.Patterns;

/// <summary>How dirty pages lie.</summary>
internal enum PagePattern
{
    /// <summary>Each page anywhere, and stored to in any order.</summary>
    Random,

    /// <summary>In neighbourhoods of 1 to 2047 pages, three of four of which are dirty; more, if more of the guest is.</summary>
    Clustered,

    /// <summary>In runs of 1 to 127 pages.</summary>
    Runs,

    /// <summary>As a trace has them. Not to be asked for: who gives a trace has it.</summary>
    Trace,
}
