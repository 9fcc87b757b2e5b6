using RingKit.Cli.Machines;
using RingKit.Cli.Replay;

namespace RingKit.Cli.Harvest;

/// <summary>The rounds of one log in one cell.</summary>
/// <param name="choice">The log.</param>
internal sealed class LogSamples(LogChoice choice)
{
    private readonly List<CellCosts> _rounds = [];
    private readonly List<double> _takes = [];

    /// <summary>The log.</summary>
    public LogChoice Choice => choice;

    /// <summary>How many rounds were measured.</summary>
    public int Rounds => _rounds.Count;

    /// <summary>As the log says.</summary>
    public ulong BookkeepingBytes { get; private set; }

    /// <summary>The medians of each kind of cost.</summary>
    public CellCosts Median => new(
        MedianOf(round => round.Guest),
        MedianOf(round => round.Stall),
        MedianOf(round => round.Harvest),
        MedianOf(round => round.Faults),
        MedianOf(round => round.FullExits),
        MedianOf(round => round.Entries),
        MedianOf(round => round.ResetCalls),
        MedianOf(round => round.Invalidations),
        MedianOf(round => round.BytesTouched));

    /// <summary>The median of what harvests take without protection, or null where there is none.</summary>
    public double? MedianTake => _takes.Count == 0 ? null : MedianOf(_takes);

    /// <summary>Measures some rounds, after one that brings all that it touches into being, and the last one without protection.</summary>
    /// <exception cref="LogsDisagreeException">The log reported other pages than the guest stored to.</exception>
    public void Take(LoggedGuest guest, int rounds)
    {
        BookkeepingBytes = Math.Max(BookkeepingBytes, guest.BookkeepingBytes);
        try
        {
            guest.Round();
            for (int i = 0; i < rounds; i++)
                _rounds.Add(guest.Round());
            if (guest.RoundWithoutProtection() is { } take)
                _takes.Add(take);
        }
        catch (LogsDisagreeException e)
        {
            throw new LogsDisagreeException($"the {choice.Name} log {e.Message}");
        }
    }

    private static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(sorted.Length - 1) / 2];
    }

    private double MedianOf(Func<CellCosts, double> cost) => MedianOf(_rounds.Select(cost));
}
