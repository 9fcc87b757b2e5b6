using System.Diagnostics;
using RingKit.Cli.Harvest.Guests;
using RingKit.Cli.Machines;
using RingKit.Mmu.DirtyLogging.Adaptive;

namespace RingKit.Cli.Harvest;

/// <summary>The rounds of one log in one cell.</summary>
/// <param name="choice">The log.</param>
internal sealed class LogSamples(LogChoice choice)
{
    // Longer than this a log does not hold up the others, if it has been measured once.
    private static readonly TimeSpan MostTime = TimeSpan.FromMilliseconds(300);

    private readonly List<CellCosts> _rounds = [];
    private readonly List<double> _firsts = [];
    private readonly List<double> _takes = [];

    /// <summary>The log.</summary>
    public LogChoice Choice => choice;

    /// <summary>How many rounds were measured.</summary>
    public int Rounds => _rounds.Count;

    /// <summary>As the log says.</summary>
    public ulong BookkeepingBytes { get; private set; }

    /// <summary>Where a log that chooses recorded pages when its last round was over, or null.</summary>
    public DirtyLogForm? Form { get; private set; }

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

    /// <summary>The median of the first rounds' <see cref="CellCosts.Total"/>: of the guests that came when all that is touched had been there.</summary>
    public double First => MedianOf(_firsts);

    /// <summary>The median of what harvests take without protection, or null where there is none.</summary>
    public double? MedianTake => _takes.Count == 0 ? null : MedianOf(_takes);

    /// <summary>
    /// Measures some rounds, and if it is asked for a last one without protection. What is touched is brought into being in rounds before them, in which also a log that goes by what the
    /// last rounds showed comes to know this cell; of these the first one is measured too, by itself, unless nothing was there before it.
    /// </summary>
    public void Take(LoggedGuest guest, int roundsBefore, int rounds, bool withoutProtection)
    {
        BookkeepingBytes = Math.Max(BookkeepingBytes, guest.BookkeepingBytes);
        long start = Stopwatch.GetTimestamp();
        if (_rounds.Count == 0)
            guest.RoundBefore();
        else
            _firsts.Add(guest.Round().Total);
        for (int i = 1; i < roundsBefore && MayGoOn(i); i++)
            guest.RoundBefore();
        for (int i = 0; i < rounds && MayGoOn(i); i++)
            _rounds.Add(guest.Round());
        Form = guest.Form;
        if (withoutProtection && guest.RoundWithoutProtection() is { } take)
            _takes.Add(take);

        bool MayGoOn(int done) => done == 0 || Stopwatch.GetElapsedTime(start) < MostTime;
    }

    private static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(sorted.Length - 1) / 2];
    }

    private double MedianOf(Func<CellCosts, double> cost) => MedianOf(_rounds.Select(cost));
}
