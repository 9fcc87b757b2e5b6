namespace RingKit.Mmu.Tdp;

/// <summary>What became of a fault's mapping.</summary>
internal enum TdpMapResult
{
    /// <summary>The leaf is there.</summary>
    Mapped,

    /// <summary>Somebody else was faster: what is there grants the access.</summary>
    Spurious,

    /// <summary>Somebody else is at work there: look again.</summary>
    Lost,

    /// <summary>The cache is short of tables.</summary>
    NoMemory,
}
