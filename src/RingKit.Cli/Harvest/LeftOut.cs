namespace RingKit.Cli.Harvest;

/// <summary>A cell that was not measured.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Option">The option that asks for too much.</param>
/// <param name="Reason">Why.</param>
internal sealed record LeftOut(GridCell Cell, string Option, string Reason);
