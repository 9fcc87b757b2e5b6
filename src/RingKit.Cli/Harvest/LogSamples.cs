using RingKit.Cli.Harvest.Guests;
using RingKit.Cli.Machines;
using RingKit.Mmu.DirtyLogging.Adaptive;

namespace RingKit.Cli.Harvest;

/// <summary>The rounds of one log in one cell.</summary>
/// <param name="choice">The log.</param>
internal sealed class LogSamples(LogChoice choice)
{
    private readonly List<CellCosts> _rounds = [];
    private readonly List<double> _firsts = [];
    private readonly List<double> _takes = [];

    /// <summary>The log.</summary>
    public LogChoice Choice => choice;

    /// <summary>As the log says.</summary>
    public ulong BookkeepingBytes { get; private set; }

    /// <summary>Where a log that chooses recorded pages when its last round was over, or null.</summary>
    public DirtyLogForm? Form { get; private set; }

    /// <summary>The rounds that were measured.</summary>
    public IReadOnlyList<CellCosts> Rounds => _rounds;

    /// <summary>What guest and harvest took in the first rounds of all: of the guests that came when all that is touched had been there.</summary>
    public IReadOnlyList<double> Firsts => _firsts;

    /// <summary>The lower quartile of what harvests take without protection, or null where there is none.</summary>
    public double? TypicalTake => _takes.Count == 0 ? null : TypicalCosts.LowerQuartile(_takes);

    /// <summary>
    /// Has a guest ready whose log has just begun: what is touched is brought into being, and a log that goes by what the last rounds showed comes to know this cell. The first of
    /// these rounds is measured by itself, unless nothing was there before it.
    /// </summary>
    /// <param name="guest">The guest.</param>
    /// <param name="rounds">How many rounds it has for that, at least 1.</param>
    public void Begin(ILoggedGuest guest, int rounds)
    {
        BookkeepingBytes = Math.Max(BookkeepingBytes, guest.BookkeepingBytes);
        if (_rounds.Count == 0)
            guest.RoundBefore();
        else
            _firsts.Add(guest.Round().Total);
        for (int i = 1; i < rounds; i++)
            guest.RoundBefore();
    }

    /// <summary>Measures a round.</summary>
    public void Round(ILoggedGuest guest)
    {
        _rounds.Add(guest.Round());
        Form = guest.Form;
    }

    /// <summary>Measures a round without protection, if the log can do that.</summary>
    public void RoundWithoutProtection(ILoggedGuest guest)
    {
        if (guest.RoundWithoutProtection() is { } take)
            _takes.Add(take);
    }
}
