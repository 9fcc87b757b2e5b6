namespace RingKit.Interleaving;

/// <summary>A call in the source that orders memory: one place that the proof is about.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Order">The order that it names.</param>
/// <param name="File">The source file's full path.</param>
/// <param name="Line">Its line, from 1.</param>
public readonly record struct Site(OperationKind Kind, MemoryOrder Order, string File, int Line)
{
    /// <summary>The site weakened one step: one mutant, or two where it both acquires and releases.</summary>
    public IEnumerable<Mutant> Mutants() => Order switch
    {
        MemoryOrder.Relaxed => [],
        MemoryOrder.AcquireRelease => [new Mutant(this, MemoryOrder.Acquire), new Mutant(this, MemoryOrder.Release)],
        _ => [new Mutant(this, MemoryOrder.Relaxed)],
    };

    /// <inheritdoc/>
    public override string ToString() => $"{Path.GetFileName(File)}:{Line} {Order} {Kind}";
}
