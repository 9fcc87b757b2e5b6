namespace RingKit.Cli.Harvest;

/// <summary>Hears of a comparison while it is measured, on the thread that measures, which waits.</summary>
internal interface IHarvestWatcher
{
    /// <summary>It begins: there is something that can be measured.</summary>
    void Begin(HarvestSettings settings);

    /// <summary>So much is done, from 0 to 1.</summary>
    void Measured(double part);

    /// <summary>All cells of a guest and pattern are done.</summary>
    /// <param name="cells">They, log by log; none if all are left out.</param>
    void End(IReadOnlyList<LogCell> cells);
}
