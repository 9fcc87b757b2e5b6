namespace RingKit.Bench.HashTable;

/// <summary>
/// One round of a guest's dirty log: with C a scan that looks for dirty entries, without it a fault for each dirty page and a harvest of what the
/// faults recorded. Both take each dirty entry from the processors by one tlbie, which is left out; the fault's own is part of what it costs.
/// </summary>
internal sealed class BreakEven
{
    private const int Steps = 100;
    private readonly LogCell[] _cells;

    /// <param name="cells">The cells of one guest's main slot.</param>
    public BreakEven(IEnumerable<LogCell> cells)
    {
        _cells = [.. cells.OrderBy(cell => cell.Dirty)];
        Guest = _cells[0].Guest;
        Largest = _cells[^1].Dirty;
    }

    public GuestShape Guest { get; }

    /// <summary>All mapped pages.</summary>
    public double Largest { get; }

    /// <summary>Nanoseconds a round, so many pages being dirty: between what was measured, a straight line.</summary>
    public double Harvest(Log log, double dirty)
    {
        int next = Math.Max(1, Array.FindIndex(_cells, cell => cell.Dirty >= dirty));
        LogCell low = _cells[next - 1], high = _cells[next];
        double share = high.Dirty == low.Dirty ? 0 : (dirty - low.Dirty) / (high.Dirty - low.Dirty);
        return low.Time(log) + (share * (high.Time(log) - low.Time(log)));
    }

    /// <summary>Nanoseconds a round without C.</summary>
    public double ByFaults(double dirty, double faultNanoseconds) => Harvest(Log.Faults, dirty) + (dirty * faultNanoseconds);

    /// <summary>Which part of the mapped pages has to be dirty before C is the cheaper way.</summary>
    public double Share(Log scan, double faultNanoseconds)
    {
        double low = 0, high = Largest;
        for (int step = 0; step < Steps; step++)
        {
            double middle = (low + high) / 2;
            if (ByFaults(middle, faultNanoseconds) < Harvest(scan, middle))
                low = middle;
            else
                high = middle;
        }

        return low / Largest;
    }
}
