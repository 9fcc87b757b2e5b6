namespace RingKit.Cli.Traces;

/// <summary>What a line of a trace says the program did.</summary>
internal enum TraceAccessKind : byte
{
    /// <summary>It fetched an instruction.</summary>
    Instruction,

    /// <summary>It loaded.</summary>
    Load,

    /// <summary>It stored.</summary>
    Store,

    /// <summary>It loaded, then stored to the same bytes.</summary>
    Modify,
}
