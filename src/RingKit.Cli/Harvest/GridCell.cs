using RingKit.Cli.Harvest.Patterns;

namespace RingKit.Cli.Harvest;

/// <summary>A cell of the grid.</summary>
/// <param name="Memory">The guest's memory in bytes.</param>
/// <param name="Dirty">How much of it is dirty.</param>
/// <param name="Pattern">How the dirty pages lie.</param>
internal sealed record GridCell(ulong Memory, DirtyAmount Dirty, PagePattern Pattern)
{
    /// <summary>Whether another cell is of the same guest and pattern: then it stands in the same table.</summary>
    public bool IsBeside(GridCell other) => Memory == other.Memory && Pattern == other.Pattern;
}
