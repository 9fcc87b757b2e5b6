namespace RingKit.Bench.TwoThreads.Contenders;

/// <summary>One queue in one use, set up once and run many times.</summary>
/// <param name="name">What it is called in the report.</param>
/// <param name="operations">How many items, or round trips, a run is made of.</param>
internal abstract class Contender(string name, long operations) : IDisposable
{
    public string Name { get; } = name;

    /// <summary>Items, or round trips, of one run; a multiple of <see cref="Batch.Length"/>.</summary>
    public long Operations { get; } = operations;

    /// <summary>Runs once, with so many operations.</summary>
    public abstract RunResult Run(long operations);

    /// <summary>Frees its queue.</summary>
    public abstract void Dispose();
}
