namespace RingKit.Interleaving;

/// <summary>
/// One site with a weaker order than it is written with. A fence weakened to <see cref="MemoryOrder.Relaxed"/> is not there.
/// </summary>
/// <param name="Site">The call.</param>
/// <param name="To">Its order instead.</param>
public sealed record Mutant(Site Site, MemoryOrder To)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Site} -> {To}";

    internal bool Applies(OperationKind kind, string file, int line) =>
        line == Site.Line && kind == Site.Kind && string.Equals(file, Site.File, StringComparison.Ordinal);
}
