using RingKit.Cli.Harvest.Guests;
using RingKit.Cli.Machines;

namespace RingKit.Cli.Harvest;

/// <summary>Guests with different logs that take turns, a round each: what is compared is measured within milliseconds, and what slows the machine down slows all of them.</summary>
internal sealed class LogTurns : IDisposable
{
    private readonly List<(LogSamples Log, ILoggedGuest Guest)> _guests = [];

    /// <param name="logs">Take the measurements.</param>
    /// <param name="make">Makes a guest with a new log.</param>
    /// <param name="roundsBefore">Rounds of each guest that do not count, at least 1.</param>
    public LogTurns(IEnumerable<LogSamples> logs, Func<LogChoice, ILoggedGuest> make, int roundsBefore)
    {
        try
        {
            foreach (LogSamples log in logs)
            {
                ILoggedGuest guest = make(log.Choice);
                _guests.Add((log, guest));
                log.Begin(guest, roundsBefore);
                guest.Suspend();
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A round each. The next time it goes backwards: none is always behind the same one.</summary>
    public void Round()
    {
        Each((log, guest) => log.Round(guest));
        _guests.Reverse();
    }

    /// <summary>A round each without protection.</summary>
    public void RoundWithoutProtection() => Each((log, guest) => log.RoundWithoutProtection(guest));

    public void Dispose()
    {
        foreach ((_, ILoggedGuest guest) in _guests)
            guest.Suspend();
        foreach ((_, ILoggedGuest guest) in _guests)
            guest.Dispose();
    }

    private void Each(Action<LogSamples, ILoggedGuest> act)
    {
        foreach ((LogSamples log, ILoggedGuest guest) in _guests)
        {
            guest.Resume();
            act(log, guest);
            guest.Suspend();
        }
    }
}
