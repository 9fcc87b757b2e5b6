namespace RingKit.Cli.Replay;

/// <summary>What is in a trace.</summary>
/// <param name="Instructions">Instructions fetched.</param>
/// <param name="Loads">Loads, without those of modifies.</param>
/// <param name="Stores">Stores, without those of modifies.</param>
/// <param name="Modifies">Loads and stores of one instruction to one place.</param>
/// <param name="DistinctPages">Pages stored to.</param>
internal readonly record struct TraceTotals(long Instructions, long Loads, long Stores, long Modifies, long DistinctPages)
{
    public long StoresAndModifies => Stores + Modifies;
}
