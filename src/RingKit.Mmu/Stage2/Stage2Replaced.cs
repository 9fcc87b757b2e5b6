namespace RingKit.Mmu.Stage2;

/// <summary>What stood where something was mapped.</summary>
internal enum Stage2Replaced
{
    /// <summary>Nothing that a vCPU could use.</summary>
    Nothing,

    /// <summary>A leaf of the same size.</summary>
    Leaf,

    /// <summary>A larger block, which is dissolved.</summary>
    Block,

    /// <summary>A table, which is freed.</summary>
    Table,
}
