using System.Diagnostics;
using RingKit.Cli.Harvest.Guests;
using RingKit.Cli.Machines;
using RingKit.Cli.Replay;
using RingKit.Mmu.DirtyLogging.Adaptive;

namespace RingKit.Cli.Harvest.ByTrace;

/// <summary>The passes of one log through a trace.</summary>
/// <param name="choice">The log.</param>
internal sealed class TraceSamples(LogChoice choice)
{
    private readonly List<CellCosts> _passes = [];
    private readonly List<double> _firsts = [];
    private ulong _bookkeepingBytes;
    private DirtyLogForm? _form;
    private long _dirtyPages;

    /// <summary>The log.</summary>
    public LogChoice Choice => choice;

    /// <summary>Goes through the trace.</summary>
    /// <param name="guest">A guest whose log has just been made; it is disposed at the end.</param>
    /// <param name="rounds">The trace's.</param>
    /// <param name="harvested">What the guest's harvests are handed to.</param>
    /// <param name="guestPages">How many pages the guest has.</param>
    /// <param name="most">Ends it before the trace does.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>What all rounds have cost.</returns>
    /// <exception cref="LogsDisagreeException">The log reports other pages than the guest stored to; the message says which, and in which round.</exception>
    public CellCosts Pass(
        LoggedGuest guest, TraceRounds rounds, HarvestedPages harvested, ulong guestPages, TimeSpan most, CancellationToken cancellation)
    {
        using (guest)
        {
            _bookkeepingBytes = Math.Max(_bookkeepingBytes, guest.BookkeepingBytes);
            _dirtyPages = 0;
            CellCosts sum = default;
            long start = Stopwatch.GetTimestamp();
            for (int round = 0; round < rounds.Count && Stopwatch.GetElapsedTime(start) < most; round++)
            {
                cancellation.ThrowIfCancellationRequested();
                uint[] pages = rounds.GoTo(round);
                _dirtyPages += pages.Length;
                harvested.Expect(guestPages, pages);
                try
                {
                    sum += guest.RoundBefore();
                    if (round == 0)
                        _firsts.Add(sum.Total);
                }
                catch (LogsDisagreeException e)
                {
                    throw new LogsDisagreeException(string.Create(CultureInfo.InvariantCulture, $"round {round}: {e.Message}"));
                }
            }

            _form = guest.Form;
            return sum;
        }
    }

    /// <summary>Keeps what a pass that counts has cost.</summary>
    public void Add(CellCosts pass) => _passes.Add(pass);

    /// <summary>What a round costs in the mean: that of the median pass.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="rounds">Rounds of a pass.</param>
    /// <param name="stores">Stores of a round, in the mean.</param>
    public LogCell CellOf(GridCell cell, int rounds, double stores)
    {
        CellCosts median = _passes.OrderBy(pass => pass.Total).ElementAt((_passes.Count - 1) / 2);
        ulong pages = (ulong)Math.Round((double)_dirtyPages / rounds, MidpointRounding.AwayFromZero);
        double first = _firsts.Order().ElementAt((_firsts.Count - 1) / 2);
        return new LogCell(cell, choice.Name, pages, pages, rounds, median * (1.0 / rounds), first, Take: null, _bookkeepingBytes, _form, Again: null) { Stores = stores };
    }
}
