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

    /// <summary>The round that has the median of the total.</summary>
    public CellCosts Median => _rounds.OrderBy(round => round.Total).ElementAt((_rounds.Count - 1) / 2);

    /// <summary>The median of what harvests take without protection, or null where there is none.</summary>
    public double? MedianTake => _takes.Count == 0 ? null : _takes.Order().ElementAt((_takes.Count - 1) / 2);

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
}
