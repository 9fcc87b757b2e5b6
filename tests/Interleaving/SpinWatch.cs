namespace RingKit.Interleaving;

/// <summary>What a thread read since it last paused: decides when a waiting thread may go on, and when its waiting is no progress.</summary>
/// <remarks>
/// A pause ends when one of the locations read since the pause before holds a later store with another value. After it the thread may
/// still read old values, but a whole round that reads the same stores again although there are later ones adds nothing to the
/// execution in which the round did not happen: it is cut off.
/// </remarks>
internal sealed class SpinWatch
{
    private readonly List<(Location Location, StoreRecord Store)> _round = [];
    private readonly List<(Location Location, StoreRecord Store)> _previous = [];
    private bool _wrote;
    private bool _mustPass;

    /// <summary>After a pause that waited for this location alone: the next load of it reads a later store than the one returned.</summary>
    public StoreRecord? MustPass(Location location) =>
        _mustPass && ReferenceEquals(_previous[0].Location, location) ? _previous[0].Store : null;

    /// <summary>The pause waits for nothing in particular: any store, or the end of a thread, ends it.</summary>
    public bool WaitsForAnything => _previous.Count == 0;

    public void Begin()
    {
        _round.Clear();
        _previous.Clear();
        _wrote = false;
        _mustPass = false;
    }

    public void NoteRead(Location location, StoreRecord store)
    {
        if (_mustPass && ReferenceEquals(_previous[0].Location, location))
            _mustPass = false;
        if (!TryReplace(location, store))
            _round.Add((location, store));
    }

    /// <summary>A thread waits for news since its own store only where it had read the location before.</summary>
    public void NoteWrite(Location location, StoreRecord store)
    {
        _wrote = true;
        TryReplace(location, store);
    }

    /// <summary>Ends a round at a pause.</summary>
    /// <param name="canGoOn">There is something new to read already.</param>
    /// <returns>False if the round was no progress and is to be cut off.</returns>
    public bool TryEndRound(out bool canGoOn)
    {
        canGoOn = HasNews(_round);
        if (canGoOn && !MadeProgress())
            return false;

        _previous.Clear();
        _previous.AddRange(_round);
        _round.Clear();
        _wrote = false;
        _mustPass = _previous.Count == 1;
        return true;
    }

    /// <summary>Whether a store to the location gives a paused thread something new to read.</summary>
    public bool HasNews(Location written)
    {
        foreach ((Location location, StoreRecord store) in _previous)
        {
            if (ReferenceEquals(location, written))
                return location.HasNewsSince(store);
        }

        return false;
    }

    private bool TryReplace(Location location, StoreRecord store)
    {
        for (int i = 0; i < _round.Count; i++)
        {
            if (ReferenceEquals(_round[i].Location, location))
            {
                _round[i] = (location, store);
                return true;
            }
        }

        return false;
    }

    private static bool HasNews(List<(Location Location, StoreRecord Store)> round)
    {
        foreach ((Location location, StoreRecord store) in round)
        {
            if (location.HasNewsSince(store))
                return true;
        }

        return false;
    }

    private bool MadeProgress()
    {
        if (_wrote || _previous.Count == 0)
            return true;

        foreach ((Location, StoreRecord) read in _round)
        {
            if (!_previous.Contains(read))
                return true;
        }

        return false;
    }
}
